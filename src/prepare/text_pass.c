#include "prepare/text_pass.h"

#include "base/stopwatch.h"
#include "base/text.h"

/* Bytes of a character behind its first one. */
enum { INNER_MAX = 3 };

/* Between two lines on how far it is. */
static const double progress_s = 5;

struct pass {
    const struct text_sources *s;
    const struct text_visitor *v;
    struct documents documents;
    double started_s, told_s;
};

static struct documents open_documents(const struct text_sources *s)
{
    return (struct documents){
        .files = s->files,
        .rule = s->rule,
        .text = s->text,
    };
}

int text_has_many(bool *has, const struct text_sources *s, struct err *e)
{
    struct documents d = open_documents(s);
    bool are_files = s->rule == DOCUMENT_FILE, is_there = !are_files;
    idx n = 0;
    for (idx i = 0; are_files && i < s->files->n; i++) /* the list tells */
        n += s->files->items[i].stamp.bytes > 0;
    while (n < HELD_OUT_MANY && is_there && !documents_next(&d, &is_there, e))
        n += is_there;
    *has = n >= HELD_OUT_MANY;
    documents_release(&d);
    return e->code;
}

static void tell_progress(struct pass *p)
{
    char line[128];
    struct text t = { line, sizeof line, 0 };
    double now_s = clock_s(), total = (double)p->s->total_bytes;
    if (!p->s->progress || now_s - p->told_s < progress_s)
        return;
    p->told_s = now_s;
    double share = (double)documents_done(&p->documents) / total;
    text_add(&t, "%s: %.0f %% of ", p->v->what, 100 * share);
    text_add_bytes(&t, total);
    if (share > 0.01) {
        text_add(&t, ", ");
        text_add_duration(&t, (now_s - p->started_s) * (1 / share - 1));
        text_add(&t, " left");
    }
    fprintf(p->s->progress, "%s\n", line);
    fflush(p->s->progress);
}

/* What a part gets of a document. */
struct portion {
    enum text_part part;
    size_t from, n; /* byte of the document; how many so far */
};

static int add(const struct pass *p, struct portion *portion,
               const unsigned char *bytes, size_t n, struct err *e)
{
    const struct text_visitor *v = p->v;
    if (n == 0 || (portion->part == TEXT_VAL && v->is_train_only))
        return OK;
    if (portion->n == 0 && v->begin &&
        v->begin(v->user, portion->part, &p->documents.now, portion->from, e))
        return e->code;
    portion->n += n;
    return v->add ? v->add(v->user, portion->part, bytes, n, e) : OK;
}

/* How many of these n bytes are in front of the document's byte *head, which
 * may begin no character: then that moves on to the next one. */
static size_t in_front(size_t *head, size_t begin, size_t done,
                       const unsigned char *bytes, size_t n)
{
    size_t front = *head > done ? *head - done : 0;
    front = front < n ? front : n;
    while (front < n && done + front == *head && *head > 0 &&
           *head - begin < INNER_MAX && (bytes[front] & 0xc0) == 0x80) {
        front++;
        ++*head;
    }
    return front;
}

/* The first bytes of the document to training, the last to what is held out. */
static int read_document(struct pass *p, idx number, struct err *e)
{
    struct documents *d = &p->documents;
    const size_t size = d->now.size,
                 begin = size - held_out_text(&p->s->held_out, number, size);
    struct portion train = { .part = TEXT_TRAIN }, val = { .part = TEXT_VAL };
    const unsigned char *bytes;
    size_t head = begin, done = 0, n;
    while (documents_read(d, &bytes, &n, e) == OK && n) {
        size_t front = in_front(&head, begin, done, bytes, n);
        val.from = head;
        if (add(p, &train, bytes, front, e) ||
            add(p, &val, bytes + front, n - front, e))
            return e->code;
        done += n;
        tell_progress(p);
    }
    const struct portion *const both[] = { &train, &val };
    for (idx i = 0; i < COUNT_OF(both) && !e->code; i++)
        if (both[i]->n && p->v->end)
            p->v->end(p->v->user, both[i]->part, both[i]->n, e);
    return e->code;
}

int text_pass(const struct text_sources *s, const struct text_visitor *v,
              char (*hashes)[HASH_HEX_MAX], struct err *e)
{
    struct pass p = { .s = s, .v = v, .documents = open_documents(s) };
    bool is_there;
    p.documents.hashes = hashes;
    p.started_s = p.told_s = clock_s();
    for (idx i = 0; !e->code; i++) {
        if (documents_next(&p.documents, &is_there, e) || !is_there)
            break;
        read_document(&p, i, e);
    }
    documents_release(&p.documents);
    return e->code;
}
