/* The hash of stored tokens: found once, kept, and never believed of others. */
#include "data/identity.h"
#include "data/identity_note.h"
#include "harness.h"
#include "token_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/moment.h"
#include "io/fsys_calls.h"
#include "io/mapping.h"
#include "io/sealed_text.h"

enum { TOKENS = IDENTITY_NOTED_BYTES / 2 + 100 };

static uint16_t tokens[TOKENS];

static void write_tokens(const char *name)
{
    for (idx i = 0; i < TOKENS; i++)
        tokens[i] = (uint16_t)(i * 2654435761u >> 20);
    test_write_file(test_path(name), tokens, sizeof tokens);
}

static void check_hash(const struct stored *s)
{
    char want[HASH_HEX_MAX];
    idx max = 0;
    hash_hex(want, hash_bytes(tokens, sizeof tokens));
    for (idx i = 0; i < TOKENS; i++)
        max = idx_max(max, tokens[i]);
    assert_string_equal(s->hash, want);
    assert_int_equal(s->max_token, max);
}

/* Open when the clock says so; was all read for it? */
static bool open_at(struct stored *s, const struct stored_query *q,
                    int64_t clock_s)
{
    char rule[64];
    struct err e = { 0 };
    snprintf(rule, sizeof rule, "test hash 1 value %lld", (long long)clock_s);
    assert_int_equal(moments_read(rule, "test", &e), OK);
    if (stored_open(s, q, &e))
        fail_msg("%s", e.text);
    return s->is_hashed;
}

/* Long after whatever was changed in this test. */
static const int64_t LATER_S = 99999999999;

static bool is_read(const struct stored_query *q)
{
    struct stored s;
    bool is = open_at(&s, q, LATER_S);
    check_hash(&s);
    stored_close(&s);
    return is;
}

/* Of a file in the test's folder, until the sixteenth call from now. */
static struct stored_query query(const char *name)
{
    static char paths[16][512];
    static int next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", test_dir(), name);
    struct stored_query q = query_of(path, "nanogpt");
    q.token_bytes = 2;
    return q;
}

/* A folder of its own with tokens in it, and the user's cache elsewhere. */
static const char *fresh(const char *dir)
{
    char name[64];
    assert_int_equal(mkdir(test_path(dir), 0700), 0);
    snprintf(name, sizeof name, "%s/tokens.bin", dir);
    write_tokens(name);
    snprintf(name, sizeof name, "%s-cache", dir);
    assert_int_equal(setenv("XDG_CACHE_HOME", test_path(name), 1), 0);
    return test_path(dir);
}

/* How many files of a folder in the test's begin so; *path is the last. */
static int count_in(const char *dir, const char *prefix, char path[512])
{
    int n = 0;
    DIR *open = opendir(test_path(dir));
    if (!open)
        return 0;
    for (struct dirent *d; (d = readdir(open));)
        if (strncmp(d->d_name, prefix, strlen(prefix)) == 0) {
            if (path)
                snprintf(path, 512, "%s/%s", test_path(dir), d->d_name);
            n++;
        }
    closedir(open);
    return n;
}

/* Kilobytes of a mapping that this process holds; -1: the system does not say.
 */
static long resident_kb(const void *at)
{
    char line[512];
    long kb = -1;
    bool is_it = false;
    FILE *f = fopen("/proc/self/smaps", "r");
    while (f && fgets(line, sizeof line, f)) {
        unsigned long first, end;
        if (sscanf(line, "%lx-%lx ", &first, &end) == 2)
            is_it = first == (unsigned long)(uintptr_t)at;
        else if (is_it && sscanf(line, "Rss: %ld kB", &kb) == 1)
            break;
    }
    if (f)
        fclose(f);
    return kb;
}

/* Of a text, no page is looked at. */
static void
test_identity__the_second_open_does_not_read_the_tokens(void **state)
{
    (void)state;
    struct stored s;
    char hash[HASH_HEX_MAX];
    fresh("twice");
    struct stored_query q = query_of(query("twice/tokens.bin").path, "text");
    assert_true(open_at(&s, &q, LATER_S));
    long all_kb = resident_kb(s.maps[0]->bytes);
    memcpy(hash, s.hash, sizeof hash);
    idx max_token = s.max_token;
    stored_close(&s);
    assert_int_equal(count_in("twice", ".sinklab-", NULL), 1);
    assert_int_equal(count_in("twice-cache", "", NULL), 0);
    for (int i = 0; i < 3; i++) {
        assert_false(open_at(&s, &q, LATER_S));
        assert_string_equal(s.hash, hash);
        assert_int_equal(s.max_token, max_token);
        if (all_kb >= 0) {
            assert_true(all_kb * 1024 >= IDENTITY_NOTED_BYTES);
            assert_int_equal(resident_kb(s.maps[0]->bytes), 0);
        }
        stored_close(&s);
    }
    assert_int_equal(count_in("twice", "", NULL), 4); /* ., .., tokens, note */
}

static void test_identity__a_byte_with_its_time_put_back_shows(void **state)
{
    (void)state;
    struct stat before, after;
    fresh("byte");
    struct stored_query q = query("byte/tokens.bin");
    assert_true(is_read(&q));
    assert_false(is_read(&q));
    assert_int_equal(stat(q.path, &before), 0);
    tokens[TOKENS / 2] ^= 1;
    do { /* until the file system's clock has moved */
        int fd = open(q.path, O_WRONLY);
        assert_int_equal(pwrite(fd, &tokens[TOKENS / 2], 2, TOKENS / 2 * 2), 2);
        const struct timespec times[] = { before.st_atim, before.st_mtim };
        assert_int_equal(futimens(fd, times), 0);
        close(fd);
        test_pause();
        assert_int_equal(stat(q.path, &after), 0);
    } while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
             after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    assert_true(is_read(&q)); /* and check_hash knows the new byte */
    assert_false(is_read(&q));
    assert_int_equal(count_in("byte", ".sinklab-", NULL), 1); /* replaced */
}

static void test_identity__a_file_changed_just_now_is_read_again(void **state)
{
    (void)state;
    struct stat st;
    fresh("now");
    struct stored_query q = query("now/tokens.bin");
    assert_int_equal(stat(q.path, &st), 0);
    for (int i = -3; i <= 2; i++) {
        struct stored s;
        assert_true(open_at(&s, &q, st.st_ctim.tv_sec + i));
        stored_close(&s);
        assert_int_equal(count_in("now", ".sinklab-", NULL), 0);
    }
    assert_true(is_read(&q));
    assert_false(is_read(&q));
}

static void
test_identity__is_kept_in_the_users_cache_where_folders_are_shut(void **state)
{
    (void)state;
    fresh("shut");
    struct stored_query q = query("shut/tokens.bin");
    fsys_fail_at(1, EROFS);
    assert_true(is_read(&q));
    fsys_fail_at(0, 0);
    assert_int_equal(count_in("shut", ".sinklab-", NULL), 0);
    assert_int_equal(count_in("shut-cache/sinklab", "identity-", NULL), 1);
    assert_false(is_read(&q));
    /* root may write everywhere, and leaves it alone */
    fresh("closed");
    q = query("closed/tokens.bin");
    assert_int_equal(chmod(test_path("closed"), 0555), 0);
    assert_true(is_read(&q));
    assert_false(is_read(&q));
    assert_int_equal(count_in("closed", ".sinklab-", NULL), 0);
    assert_int_equal(count_in("closed-cache/sinklab", "identity-", NULL), 1);
    assert_int_equal(chmod(test_path("closed"), 0700), 0);
}

static void
test_identity__its_place_is_that_of_the_note_that_counts(void **state)
{
    (void)state;
    char place[FSYS_PATH_MAX];
    struct stored s;
    struct err e = { 0 };
    fresh("stale");
    struct stored_query q = query("stale/tokens.bin");
    assert_true(is_read(&q));
    /* The one beside the tokens is of a file with other times, and stays */
    const struct timespec long_ago[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
    assert_int_equal(utimensat(AT_FDCWD, q.path, long_ago, 0), 0);
    assert_int_equal(chmod(test_path("stale"), 0555), 0);
    assert_true(is_read(&q));
    assert_int_equal(count_in("stale", ".sinklab-", NULL), 1);
    assert_false(open_at(&s, &q, LATER_S));
    assert_int_equal(identity_place(place, &s, &q, &e), OK);
    assert_non_null(strstr(place, "stale-cache/sinklab/identity-"));
    stored_close(&s);
    assert_int_equal(chmod(test_path("stale"), 0700), 0);
}

/* ~/.cache where XDG_CACHE_HOME says nothing, or no absolute path. */
static void test_identity__finds_the_users_cache(void **state)
{
    (void)state;
    static const char *const says[] = { NULL, "", "relative" };
    char *home = getenv("HOME"), *kept = home ? strdup(home) : NULL;
    for (idx i = 0; i < COUNT_OF(says); i++) {
        char name[32], cache[64];
        snprintf(name, sizeof name, "home%td", i);
        setenv("HOME", fresh(name), 1);
        if (says[i])
            setenv("XDG_CACHE_HOME", says[i], 1);
        else
            unsetenv("XDG_CACHE_HOME");
        snprintf(cache, sizeof cache, "%s/tokens.bin", name);
        struct stored_query q = query(cache);
        fsys_fail_at(1, EACCES);
        assert_true(is_read(&q));
        fsys_fail_at(0, 0);
        snprintf(cache, sizeof cache, "%s/.cache/sinklab", name);
        assert_int_equal(count_in(cache, "identity-", NULL), 1);
        assert_false(is_read(&q));
    }
    if (kept)
        setenv("HOME", kept, 1);
    free(kept);
}

static void test_identity__without_any_place_all_is_read_each_time(void **state)
{
    (void)state;
    char *home = getenv("HOME"), *kept = home ? strdup(home) : NULL;
    fresh("nowhere");
    struct stored_query q = query("nowhere/tokens.bin");
    for (int has_home = 0; has_home <= 1; has_home++) {
        unsetenv("XDG_CACHE_HOME");
        if (has_home)
            setenv("HOME", test_path("nowhere"), 1);
        else
            unsetenv("HOME");
        for (int i = 0; i < 2; i++) {
            fsys_fail_from(1, ENOSPC);
            assert_true(is_read(&q));
            fsys_fail_at(0, 0);
        }
    }
    assert_int_equal(count_in("nowhere", ".", NULL), 2); /* . and .. */
    if (kept)
        setenv("HOME", kept, 1);
    free(kept);
}

/* Whichever call fails: the hash is right, now and when it is asked again. */
static void test_identity__no_failing_call_spoils_it(void **state)
{
    (void)state;
    fresh("calls");
    struct stored_query q = query("calls/tokens.bin");
    for (int from = 0; from <= 1; from++)
        for (long n = 1; n <= 20; n++) {
            char path[512];
            while (count_in("calls", ".sinklab-", path))
                assert_int_equal(unlink(path), 0);
            while (count_in("calls-cache/sinklab", "identity-", path))
                assert_int_equal(unlink(path), 0);
            if (from)
                fsys_fail_from(n, EIO);
            else
                fsys_fail_at(n, EIO);
            assert_true(is_read(&q));
            fsys_fail_at(0, 0);
            is_read(&q);
            assert_false(is_read(&q));
        }
}

static void test_identity__a_damaged_note_is_none(void **state)
{
    (void)state;
    char path[512], text[1024], *bytes = text;
    fresh("damaged");
    struct stored_query q = query("damaged/tokens.bin");
    assert_true(is_read(&q));
    assert_int_equal(count_in("damaged", ".sinklab-", path), 1);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_in_range(n, 100, sizeof text - 1);
    fsys_fail_from(1, EROFS); /* nothing repairs it meanwhile */
    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= 1;
        test_write_file(path, text, n);
        if (!is_read(&q))
            fail_msg("byte %zu", i);
        bytes[i] ^= 1;
    }
    for (size_t i = 0; i < n; i++) {
        test_write_file(path, text, i);
        assert_true(is_read(&q));
    }
    fsys_fail_at(0, 0);
    test_write_file(path, text, n);
    assert_false(is_read(&q));
}

/* Sealed, and yet not what this program writes of these files. */
static void test_identity__a_note_that_does_not_fit_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *line, *instead; /* a beginning of a line; NULL: add it */
    } changes[] = {
        { "version", "version = 2" },
        { "files", "files = 0123456789abcdef" },
        { "tokens", "tokens = 7" },
        { "tokens", "" },
        { "hash =", "hash = 0123456789ABCDEF" },
        { "hash =", "hash = 0123456789abcdef0" },
        { "hash =", "" },
        { "max_token", "max_token = -1" },
        { "max_token", "max_token = 4294967296" },
        { "max_token", "max_token = 1e3" },
        { "hashed_at", "hashed_at = 1000" },
        { "hashed_at", "hashed_at = 99999999999999999999999" },
        { NULL, "more = 1" },
        { NULL, "tokens = 1" },
        { NULL, "[more]" },
        { NULL, "nonsense" },
    };
    char path[512], *text;
    size_t n;
    struct err e = { 0 };
    fresh("odd");
    struct stored_query q = query("odd/tokens.bin");
    assert_true(is_read(&q));
    assert_int_equal(count_in("odd", ".sinklab-", path), 1);
    assert_int_equal(
        sealed_text_read(&text, &n, NULL, path, 4096, ERR_DATA, "", &e), OK);
    for (idx i = 0; i < COUNT_OF(changes); i++) {
        char changed[2048];
        const char *line = changes[i].line, *at = text + n, *end = at;
        if (line) {
            at = strstr(text, line);
            assert_non_null(at);
            end = strchr(at, '\n') + 1;
        }
        snprintf(changed, sizeof changed, "%.*s%s\n%s", (int)(at - text), text,
                 changes[i].instead, end);
        assert_int_equal(sealed_text_write(path, changed, strlen(changed), &e),
                         OK);
        if (!is_read(&q))
            fail_msg("%s", changes[i].instead);
    }
    assert_int_equal(sealed_text_write(path, text, n, &e), OK);
    assert_false(is_read(&q));
    test_write_file(path, text, n); /* without its seal */
    assert_true(is_read(&q));
    free(text);
}

static void test_identity__anew_reads_all_and_writes_nothing(void **state)
{
    (void)state;
    char path[512], *text;
    size_t n;
    struct err e = { 0 };
    fresh("anew");
    struct stored_query q = query("anew/tokens.bin");
    q.is_anew = true;
    assert_true(is_read(&q));
    assert_int_equal(count_in("anew", ".", NULL), 2);
    q.is_anew = false;
    assert_true(is_read(&q));
    assert_int_equal(count_in("anew", ".sinklab-", path), 1);
    assert_int_equal(
        sealed_text_read(&text, &n, NULL, path, 4096, ERR_DATA, "", &e), OK);
    memcpy(strstr(text, "hash = "), "hash = 0123456789abcdef", 23);
    assert_int_equal(sealed_text_write(path, text, n, &e), OK);
    free(text);
    q.is_anew = true;
    assert_true(is_read(&q)); /* the right one: check_hash */
}

static void test_identity__a_moved_folder_keeps_its_note(void **state)
{
    (void)state;
    fresh("old");
    struct stored_query q = query("old/tokens.bin");
    assert_true(is_read(&q));
    assert_int_equal(rename(test_path("old"), test_path("new")), 0);
    q = query("new/tokens.bin");
    assert_false(is_read(&q));
    q = query("new/../new//tokens.bin");
    assert_false(is_read(&q));
}

/* Notes in one folder do not get into each other's way. */
static void test_identity__each_part_of_a_folder_has_its_note(void **state)
{
    (void)state;
    fresh("parts");
    write_tokens("parts/val.bin");
    struct stored_query train = query("parts/tokens.bin");
    struct stored_query val = query("parts/val.bin"), wide = val;
    struct stored_query text = query_of(val.path, "text");
    struct stored s;
    wide.token_bytes = 4;
    for (int again = 0; again <= 1; again++) {
        assert_int_equal(is_read(&train), !again);
        assert_int_equal(is_read(&val), !again);
        assert_int_equal(open_at(&s, &wide, LATER_S), !again);
        assert_int_equal(s.n, TOKENS / 2);
        stored_close(&s);
        assert_int_equal(open_at(&s, &text, LATER_S), !again);
        assert_int_equal(s.n, TOKENS * 2);
        assert_true(s.max_token < 256);
        stored_close(&s);
    }
    assert_int_equal(count_in("parts", ".sinklab-", NULL), 4);
}

static void test_identity__small_corpora_leave_no_note(void **state)
{
    (void)state;
    struct stored s;
    assert_int_equal(mkdir(test_path("small"), 0700), 0);
    struct stored_query q =
        query_of(test_write_text("small/text", "a few words"), "text");
    for (int i = 0; i < 2; i++) {
        assert_true(open_at(&s, &q, LATER_S));
        stored_close(&s);
    }
    assert_int_equal(count_in("small", ".", NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_identity__the_second_open_does_not_read_the_tokens),
        cmocka_unit_test(test_identity__a_byte_with_its_time_put_back_shows),
        cmocka_unit_test(test_identity__a_file_changed_just_now_is_read_again),
        cmocka_unit_test(
            test_identity__is_kept_in_the_users_cache_where_folders_are_shut),
        cmocka_unit_test(
            test_identity__its_place_is_that_of_the_note_that_counts),
        cmocka_unit_test(test_identity__finds_the_users_cache),
        cmocka_unit_test(
            test_identity__without_any_place_all_is_read_each_time),
        cmocka_unit_test(test_identity__no_failing_call_spoils_it),
        cmocka_unit_test(test_identity__a_damaged_note_is_none),
        cmocka_unit_test(test_identity__a_note_that_does_not_fit_is_none),
        cmocka_unit_test(test_identity__anew_reads_all_and_writes_nothing),
        cmocka_unit_test(test_identity__a_moved_folder_keeps_its_note),
        cmocka_unit_test(test_identity__each_part_of_a_folder_has_its_note),
        cmocka_unit_test(test_identity__small_corpora_leave_no_note),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
