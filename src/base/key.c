#include "base/key.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/text.h"

enum {
    DESCRIBE_MAX = 1024,
    REAL_DIGITS = 17, /* always enough to tell two doubles apart */
    REAL_MAX = 32,    /* bytes of a real in %e notation */
    ITEM_MAX = 64,    /* bytes of a list item, blanks around it included */
};

/* Updates that a run can have (STEP_MAX), and some. */
static const double UNTIL_MAX = 1e9;

static const struct {
    const char *name;
    bool value;
} bool_names[] = {
    { "yes", true }, { "no", false },  { "true", true }, { "false", false },
    { "on", true },  { "off", false }, { "1", true },    { "0", false },
};

/* ---- printing ---------------------------------------------------------- */

/* The fewest digits that read back as v, laid out as a person would. Exact in
 * the "C" locale, which this program never leaves. */
static void add_real(struct text *t, double v)
{
    char e_form[REAL_MAX];
    int digits = 1;
    do {
        snprintf(e_form, sizeof e_form, "%.*e", digits - 1, v);
    } while (strtod(e_form, NULL) != v && digits++ < REAL_DIGITS);
    char *e = strchr(e_form, 'e');
    BUG_ON(!e); /* NaN and infinity never get into a key */
    int exponent = atoi(e + 1);
    if (exponent >= -4 && exponent < 16) {
        int decimals = digits - 1 - exponent;
        text_add(t, "%.*f", decimals > 0 ? decimals : 0, v);
    } else {
        text_add(t, "%.*se%d", (int)(e - e_form), e_form, exponent);
    }
}

static void add_list(struct text *t, const struct key_list *list)
{
    for (idx i = 0; i < list->n; i++)
        text_add(t, "%s%td", i ? ", " : "", list->v[i]);
}

static void add_steps(struct text *t, const struct key_steps *s)
{
    for (idx i = 0; i < s->n; i++) {
        add_real(t, s->piece[i].value);
        if (i < s->n - 1)
            text_add(t, " until %td, ", s->piece[i].until);
    }
}

int key_print(const struct key *key, const void *options, char *text,
              size_t cap)
{
    const char *field = (const char *)options + key->offset;
    struct text t = { .at = text, .cap_bytes = cap };
    text_add(&t, "%s", "");
    switch (key->type) {
    case KEY_INT:
        text_add(&t, "%td", *(const idx *)(const void *)field);
        break;
    case KEY_REAL:
        add_real(&t, *(const double *)(const void *)field);
        break;
    case KEY_BOOL:
        text_add(&t, "%s", *(const bool *)field ? "yes" : "no");
        break;
    case KEY_TEXT:
        text_add(&t, "%s", field);
        break;
    case KEY_CHOICE:
        text_add(&t, "%s", key->choice(*(const int *)(const void *)field));
        break;
    case KEY_LIST:
        add_list(&t, (const struct key_list *)(const void *)field);
        break;
    case KEY_STEPS:
        add_steps(&t, (const struct key_steps *)(const void *)field);
        break;
    }
    return (int)t.n;
}

static void add_bounds(struct text *t, double min, double max)
{
    bool low = min > -HUGE_VAL, high = max < HUGE_VAL;
    if (low && high) {
        text_add(t, ", ");
        add_real(t, min);
        text_add(t, " to ");
        add_real(t, max);
    } else if (low) {
        text_add(t, ", at least ");
        add_real(t, min);
    } else if (high) {
        text_add(t, ", at most ");
        add_real(t, max);
    }
}

const char *key_meaning(char text[KEY_MEANING_MAX], const struct key *key,
                        const char *value)
{
    enum { VALUE_MAX = 16 };
    char mark[VALUE_MAX + 8];
    bool is_number = key->type == KEY_INT || key->type == KEY_REAL;
    snprintf(mark, sizeof mark, "; %.*s: ", VALUE_MAX, value);
    const char *at = is_number ? strstr(key->help, mark) : NULL;
    size_t n = at ? strcspn(at += strlen(mark), ";") : 0;
    if (n >= KEY_MEANING_MAX || (at && memchr(at, ',', n)))
        n = 0;
    snprintf(text, KEY_MEANING_MAX, "%.*s", (int)n, at ? at : "");
    return text;
}

int key_describe(const struct key *key, char *text, size_t cap)
{
    struct text t = { .at = text, .cap_bytes = cap };
    switch (key->type) {
    case KEY_INT:
        text_add(&t, "integer");
        add_bounds(&t, key->min, key->max);
        break;
    case KEY_REAL:
        text_add(&t, "number");
        add_bounds(&t, key->min, key->max);
        break;
    case KEY_BOOL:
        text_add(&t, "yes or no");
        break;
    case KEY_TEXT:
        text_add(&t, "text, at most %d bytes", KEY_TEXT_MAX - 1);
        break;
    case KEY_CHOICE:
        text_add(&t, "%s", key->choice(1) ? "one of " : "");
        for (int i = 0; key->choice(i); i++)
            text_add(&t, "%s%s", i ? ", " : "", key->choice(i));
        break;
    case KEY_LIST:
        text_add(&t, "up to %d integers separated by commas", KEY_LIST_MAX);
        add_bounds(&t, key->min, key->max);
        break;
    case KEY_STEPS:
        text_add(&t, "number");
        add_bounds(&t, key->min, key->max);
        text_add(&t, ", or several in turn, as 0 until 1000, 1");
        break;
    }
    return (int)t.n;
}

/* ---- reading ----------------------------------------------------------- */

static const char *skip_digits(const char *s)
{
    while (isdigit((unsigned char)*s))
        s++;
    return s;
}

/* What other notations are written as here; "": nothing is known. */
static const char *hint_of(const struct key *key, const char *got)
{
    const char *end = skip_digits(got);
    if (*got == '"' || *got == '\'')
        return "; values stand without quotes";
    if (key->type == KEY_LIST || key->type == KEY_STEPS)
        return "";
    if (strstr(got, ", ")) /* 0,5 may be meant for a half */
        return "; the values of an axis stand in [axes] of a sweep file";
    if (key->type == KEY_INT && end > got &&
        (*end == '-' || strncmp(end, "..", 2) == 0))
        return "; on an axis 1 to 3 is all from one to three";
    return "";
}

/* "got X, want <description>" */
static int refuse(const struct key *key, const char *got, struct err *e)
{
    char want[DESCRIBE_MAX], shown[TEXT_SHOW_MAX];
    key_describe(key, want, sizeof want);
    return err_set(e, ERR_CONFIG, "got '%s', want %s%s", text_show(shown, got),
                   want, hint_of(key, got));
}

/* Decimal notation only, and all of it: no blanks, nan, inf or hexadecimal. */
static bool is_number(const char *s)
{
    s += *s == '+' || *s == '-';
    const char *whole = s;
    s = skip_digits(s);
    idx n_digits = s - whole;
    if (*s == '.') {
        const char *decimals = ++s;
        s = skip_digits(s);
        n_digits += s - decimals;
    }
    if (n_digits == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s += 1 + (s[1] == '+' || s[1] == '-');
        const char *exponent = s;
        s = skip_digits(s);
        if (s == exponent)
            return false;
    }
    return *s == '\0';
}

/* A number that a double can hold: 1e999 and 1e-999 are refused, not bent. */
static bool read_number(double *v, const char *s)
{
    char *end;
    if (!is_number(s))
        return false;
    errno = 0;
    *v = strtod(s, &end);
    bool bent = errno == ERANGE && (*v == 0 || fabs(*v) == HUGE_VAL);
    return *end == '\0' && !bent;
}

static bool read_integer(idx *v, const struct key *key, const char *s)
{
    double x;
    if (!read_number(&x, s) || x != floor(x) || fabs(x) > WHOLE_MAX ||
        x < key->min || x > key->max)
        return false;
    /* 9007199254740993 is no double: do not take its neighbour for it */
    char *end;
    long long digits = strtoll(s, &end, 10);
    if (*end == '\0' && digits != (long long)x)
        return false;
    *v = (idx)x;
    return true;
}

static int parse_choice(const struct key *key, int *value, const char *text,
                        struct err *e)
{
    struct nearest n = { .wanted = text };
    for (int i = 0; key->choice(i); i++) {
        if (!strcmp(key->choice(i), text)) {
            *value = i;
            return OK;
        }
        nearest_offer(&n, key->choice(i));
    }
    if (!n.name)
        return refuse(key, text, e);
    char want[DESCRIBE_MAX], shown[TEXT_SHOW_MAX];
    key_describe(key, want, sizeof want);
    return err_set(e, ERR_CONFIG, "got '%s', want %s; did you mean %s?%s",
                   text_show(shown, text), want, n.name, hint_of(key, text));
}

static int parse_bool(const struct key *key, bool *value, const char *text,
                      struct err *e)
{
    for (idx i = 0; i < COUNT_OF(bool_names); i++)
        if (!strcasecmp(bool_names[i].name, text)) {
            *value = bool_names[i].value;
            return OK;
        }
    return refuse(key, text, e);
}

void key_copy_text(char value[KEY_TEXT_MAX], const char *text)
{
    size_t n = strlen(text);
    BUG_ON(n >= KEY_TEXT_MAX);
    memcpy(value, text, n);
    memset(value + n, 0, KEY_TEXT_MAX - n);
}

/* A text must survive being written to an INI file and read back, so what the
 * file would take for a comment or for layout is refused at the door. */
static int parse_text(char value[KEY_TEXT_MAX], const char *text, struct err *e)
{
    char shown[TEXT_SHOW_MAX];
    size_t n = strlen(text);
    if (n >= KEY_TEXT_MAX)
        return err_set(e, ERR_CONFIG, "got %zu bytes, want at most %d", n,
                       KEY_TEXT_MAX - 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool marks = c == '#' || c == ';';
        if (c < ' ' || c == 127)
            return err_set(e, ERR_CONFIG,
                           "got '%s' with control character %d at byte %zu, "
                           "want printable text",
                           text_show(shown, text), c, i + 1);
        if (marks && (i == 0 || text[i - 1] == ' '))
            return err_set(e, ERR_CONFIG,
                           "got '%s', want text in which no # or ; comes first "
                           "or after a blank: it would start a comment",
                           text_show(shown, text));
    }
    if (n > 0 && (text[0] == ' ' || text[n - 1] == ' '))
        return err_set(e, ERR_CONFIG,
                       "got '%s', want text without blanks at its ends",
                       text_show(shown, text));
    key_copy_text(value, text);
    return OK;
}

static int parse_list(const struct key *key, struct key_list *value,
                      const char *text, struct err *e)
{
    struct key_list list = { 0 };
    const char *s = text;
    while (*s) {
        char item[ITEM_MAX];
        size_t n = strcspn(s, ",");
        bool last = s[n] == '\0';
        if (list.n == KEY_LIST_MAX)
            return err_set(e, ERR_CONFIG, "got more than %d items",
                           KEY_LIST_MAX);
        if (n >= sizeof item)
            return refuse(key, s, e);
        snprintf(item, sizeof item, "%.*s", (int)n, s);
        const char *number = text_trim(item);
        if (!read_integer(&list.v[list.n++], key, number))
            return refuse(key, *number ? number : text, e);
        s += n + !last;
        if (!last && !*s) /* a comma that nothing follows */
            return refuse(key, text, e);
    }
    *value = list;
    return OK;
}

/* "VALUE until STEP", or "VALUE", which is the last. */
static int parse_piece(const struct key *key, struct key_piece *piece,
                       char *text, bool is_last, struct err *e)
{
    static const char word[] = " until ";
    static const struct key until = { .min = 1, .max = UNTIL_MAX };
    char *at = strstr(text, word);
    piece->until = 0;
    if (at)
        *at = '\0';
    const char *value = text_trim(text);
    if (!read_number(&piece->value, value) || piece->value < key->min ||
        piece->value > key->max)
        return refuse(key, value, e);
    piece->value += 0.0; /* no zero has a sign */
    if (!at != is_last)
        return err_set(e, ERR_CONFIG,
                       is_last ? "got no value behind the last until"
                               : "got '%s' with no until and others behind it, "
                                 "want VALUE until STEP",
                       value);
    const char *step = at ? text_trim(at + strlen(word)) : "";
    if (at && !read_integer(&piece->until, &until, step))
        return err_set(e, ERR_CONFIG,
                       "got until '%s', want the number of an update", step);
    return OK;
}

static int parse_steps(const struct key *key, struct key_steps *value,
                       const char *text, struct err *e)
{
    struct key_steps s = { 0 };
    idx before = 0;
    for (const char *at = text; at;) {
        char item[ITEM_MAX];
        struct key_piece piece;
        size_t n = strcspn(at, ",");
        bool is_last = at[n] == '\0';
        if (n >= sizeof item)
            return refuse(key, text, e);
        snprintf(item, sizeof item, "%.*s", (int)n, at);
        if (parse_piece(key, &piece, item, is_last, e))
            return ERR_CONFIG;
        if (!is_last && piece.until <= before)
            return err_set(e, ERR_CONFIG,
                           "got until %td behind until %td, want steps that "
                           "rise",
                           piece.until, before);
        before = piece.until;
        at = is_last ? NULL : at + n + 1;
        if (s.n && s.piece[s.n - 1].value == piece.value) {
            s.piece[s.n - 1].until = piece.until;
            continue;
        }
        if (s.n == KEY_STEPS_MAX)
            return err_set(e, ERR_CONFIG, "got more than %d values in turn",
                           KEY_STEPS_MAX);
        s.piece[s.n++] = piece;
    }
    *value = s;
    return OK;
}

double key_steps_at(const struct key_steps *s, idx updates_done)
{
    idx i = 0;
    while (i < s->n - 1 && updates_done >= s->piece[i].until)
        i++;
    return s->piece[i].value;
}

int key_parse(const struct key *key, void *options, const char *text,
              struct err *e)
{
    void *field = (char *)options + key->offset;
    double x;
    idx i;
    switch (key->type) {
    case KEY_INT:
        if (!read_integer(&i, key, text))
            return refuse(key, text, e);
        *(idx *)field = i;
        return OK;
    case KEY_REAL:
        if (!read_number(&x, text) || x < key->min || x > key->max)
            return refuse(key, text, e);
        *(double *)field = x + 0.0; /* no zero has a sign */
        return OK;
    case KEY_BOOL:
        return parse_bool(key, field, text, e);
    case KEY_TEXT:
        return parse_text(field, text, e);
    case KEY_CHOICE:
        return parse_choice(key, field, text, e);
    case KEY_LIST:
        return parse_list(key, field, text, e);
    case KEY_STEPS:
        return parse_steps(key, field, text, e);
    }
    BUG_ON(true);
    return ERR_CONFIG;
}

void key_defaults(const struct key *keys, idx n, void *options)
{
    for (idx k = 0; k < n; k++)
        BUG_ON(key_parse(&keys[k], options, keys[k].fallback, ERR_IGNORED));
}
