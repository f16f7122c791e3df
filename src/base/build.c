#include "base/build.h"

#ifndef BUILD_VERSION
#define BUILD_VERSION "unknown"
#endif
#ifndef BUILD_COMMIT
#define BUILD_COMMIT "unknown"
#endif
#ifndef BUILD_FLAGS
#define BUILD_FLAGS "unknown"
#endif

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

const char *build_version(void)
{
    return BUILD_VERSION;
}

const char *build_commit(void)
{
    return BUILD_COMMIT;
}

const char *build_compiler(void)
{
    return COMPILER;
}

const char *build_flags(void)
{
    return BUILD_FLAGS;
}
