/* A sweep file: sections of a config, axes, draws, exclusions. What is
 * accepted must print as a file that reads back to the same. */
#include "fuzz.h"

#include <string.h>

#include "sweep/sweep_file.h"

static bool is_same_axis(const struct sweep_axis *a, const struct sweep_axis *b)
{
    if (a->n_keys != b->n_keys || a->n_values != b->n_values ||
        a->draw != b->draw || a->when.n != b->when.n)
        return false;
    if (a->draw == DRAW_UNIFORM || a->draw == DRAW_LOGUNIFORM)
        return a->low == b->low && a->high == b->high;
    for (idx i = 0; i < a->n_keys * a->n_values; i++)
        if (strcmp(a->values[i], b->values[i]) != 0)
            return false;
    return strcmp(a->name, b->name) == 0;
}

static void check_same(const struct sweep_file *a, const struct sweep_file *b)
{
    char id[CONFIG_ID_MAX], other[CONFIG_ID_MAX];
    config_id(id, &a->base);
    config_id(other, &b->base);
    FUZZ_CHECK(strcmp(id, other) == 0);
    FUZZ_CHECK(a->n_axes == b->n_axes && a->n_grid == b->n_grid);
    for (idx i = 0; i < a->n_axes; i++)
        FUZZ_CHECK(is_same_axis(&a->axes[i], &b->axes[i]));
    FUZZ_CHECK(a->draws == b->draws && a->seed == b->seed);
    FUZZ_CHECK(a->n_excludes == b->n_excludes);
    for (idx i = 0; i < a->n_excludes; i++)
        FUZZ_CHECK(a->excludes[i].n == b->excludes[i].n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct sweep_file f, again; /* large */
    char path[FUZZ_PATH_MAX], copy[FUZZ_PATH_MAX];
    struct err e = { 0 };
    fuzz_file(path, "sweep.ini", bytes, n);
    memset(&f, 0, sizeof f);
    int rc = sweep_file_read(&f, path, NULL, 0, &e);
    fuzz_check_told(rc, &e);
    if (rc == OK) {
        char *text = sweep_file_print(&f);
        FUZZ_CHECK(text);
        fuzz_file(copy, "copy.ini", text, strlen(text));
        memset(&again, 0, sizeof again);
        if (sweep_file_read(&again, copy, NULL, 0, &e)) {
            fprintf(stderr, "%s\n%s\n", e.text, text);
            abort();
        }
        check_same(&f, &again);
        sweep_file_release(&again);
        free(text);
    }
    sweep_file_release(&f);
    return 0;
}
