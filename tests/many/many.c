/* many.c - unit tests in one program: it runs the test file by whose name it is
 * called. LIST, from the Makefile, is a file with TEST(test_name) for each. */
#include <stdio.h>
#include <string.h>

#define TEST(name) int main_of_##name(void);
#include LIST
#undef TEST

static const struct {
    const char *name;
    int (*run)(void);
} tests[] = {
#define TEST(name) { #name, main_of_##name },
#include LIST
};

int main(int argc, char **argv)
{
    const size_t n = sizeof tests / sizeof *tests;
    const char *name = argc ? strrchr(argv[0], '/') : NULL;
    name = name ? name + 1 : "";
    for (size_t i = 0; i < n; i++)
        if (n == 1 || !strcmp(tests[i].name, name))
            return tests[i].run();
    fprintf(stderr, "%s: no such test file in this program\n", name);
    return 2;
}
