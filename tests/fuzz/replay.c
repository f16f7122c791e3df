/* replay.c - the targets of libFuzzer without libFuzzer: one program with all
 * of them, for what is known and some of what lies near it, in seconds and
 * always the same. It keeps targets true between two days of `make fuzz`.
 *
 *   replay NAME FILE...
 *
 * Gives the target NAME each file as it is; then cut off at PLACES places, and
 * with one byte changed at each of them. TARGETS, from the Makefile, is a file
 * with TARGET(name) for each. Prints nothing; what a target finds ends it by a
 * signal. 2: called wrongly.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET(name) int fuzz_##name(const uint8_t *bytes, size_t n);
#include TARGETS
#undef TARGET

enum { PLACES = 12, FILE_MAX_BYTES = 1 << 16 };

static const struct target {
    const char *name;
    int (*take)(const uint8_t *bytes, size_t n);
} targets[] = {
#define TARGET(name) { #name, fuzz_##name },
#include TARGETS
};

/* In memory of its own, so that a sanitizer sees a read behind the end. */
static void give(const struct target *t, const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, n);
    t->take(copy, n);
    free(copy);
}

static void give_near(const struct target *t, uint8_t *bytes, size_t n)
{
    static const uint8_t put[] = { 0, '\n', 0xff, ',', '9', '=', 0x80, '"' };
    give(t, bytes, n);
    for (size_t i = 0; i < PLACES && i < n; i++) {
        size_t at = n <= PLACES ? i : (n - 1) * i / (PLACES - 1);
        uint8_t was = bytes[at];
        give(t, bytes, at);
        bytes[at] = put[i % sizeof put];
        give(t, bytes, n);
        bytes[at] = was;
    }
}

int main(int argc, char **argv)
{
    static uint8_t bytes[FILE_MAX_BYTES];
    const struct target *t = targets, *end = t + sizeof targets / sizeof *t;
    while (t < end && (argc < 3 || strcmp(t->name, argv[1]) != 0))
        t++;
    if (t == end) {
        fprintf(stderr, "replay: want the name of a target, and files\n");
        return 2;
    }
    for (char **path = argv + 2; *path; path++) {
        FILE *file = fopen(*path, "rb");
        size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
        if (!file || ferror(file)) {
            perror(*path);
            return 2;
        }
        fclose(file);
        give_near(t, bytes, n);
    }
    return 0;
}
