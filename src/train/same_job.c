#include "train/same_job.h"

#include <stdio.h>
#include <string.h>

#include "base/build.h"
#include "base/hash.h"
#include "config/config_differ.h"
#include "data/paths.h"
#include "run/program.h"

enum { WORDS_MAX = 256 };

struct identity {
    char blas[WORDS_MAX], core[WORDS_MAX];
    char products[WORDS_MAX], libc[PROGRAM_LIBC_MAX];
    char corpus[KEY_TEXT_MAX], input[KEY_TEXT_MAX];
};

/* Where the system does not show the program, what it was built from. */
static void identify_program(char hex[HASH_HEX_MAX])
{
    if (!program_hash(hex))
        hash_hex(hex, hash_bytes(build_commit(), strlen(build_commit())));
}

static int check_text(const char *what, const char *here, const char *there,
                      const char *remedy, struct err *e)
{
    return strcmp(here, there) == 0
               ? OK
               : err_set(e, ERR_CONFIG,
                         "%s is %s here, but %s in process 0: %s", what,
                         here[0] ? here : "none", there[0] ? there : "none",
                         remedy);
}

static int check_identity(struct ranks *r, const struct session *s,
                          struct err *e)
{
    struct engine_library blas = engine_library();
    struct identity here = { .blas = "" }, there;
    snprintf(here.blas, sizeof here.blas, "%s", blas.name);
    snprintf(here.core, sizeof here.core, "%s", blas.core);
    const struct train_options *o = &s->config.train;
    snprintf(here.products, sizeof here.products, "%s, %s",
             engine_products(o->products, o->precision).library,
             engine_products(o->products, o->precision).precision);
    program_libc(here.libc);
    snprintf(here.corpus, sizeof here.corpus, "%s", s->source.hash);
    snprintf(here.input, sizeof here.input, "%s", s->input.hash);
    there = here;
    if (ranks_broadcast(r, 0, &there, sizeof there, e))
        return e->code;
    if (check_text("the processor that the BLAS computes for", here.core,
                   there.core, "set OPENBLAS_CORETYPE to one that all have",
                   e) ||
        check_text("the BLAS", here.blas, there.blas,
                   "install one version everywhere", e) ||
        check_text("what multiplies with weights", here.products,
                   there.products,
                   "install one oneDNN everywhere, or set train.products = "
                   "openblas",
                   e) ||
        check_text("the C library", here.libc, there.libc,
                   "install one version everywhere", e) ||
        check_text("the corpus's hash", here.corpus, there.corpus,
                   "give all machines the same files", e))
        return e->code;
    return check_text("the hash of sink.path", here.input, there.input,
                      "give all machines the same file", e);
}

static int check_config(struct ranks *r, const struct session *s, struct err *e)
{
    char here[KEY_PRINT_MAX], there[KEY_PRINT_MAX], name[CONFIG_KEY_NAME_MAX];
    struct config own = s->config, first = own;
    if (ranks_broadcast(r, 0, &first, sizeof first, e))
        return e->code;
    data_forget_paths(&own.data);
    data_forget_paths(&first.data);
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        config_value(here, sizeof here, &own, k);
        config_value(there, sizeof there, &first, k);
        if (!config_key_is_local(k) &&
            check_text(config_key_name(name, k), here, there,
                       "give all the same config", e))
            return e->code;
    }
    return OK;
}

int same_program_check(struct ranks *r, struct err *e)
{
    char here[HASH_HEX_MAX] = "", there[HASH_HEX_MAX];
    if (ranks_n(r) == 1)
        return OK;
    identify_program(here);
    strcpy(there, here);
    if (ranks_broadcast(r, 0, there, sizeof there, e) == OK)
        check_text("the program's hash", here, there,
                   "start one and the same file everywhere", e);
    return ranks_agree(r, false, e);
}

int same_job_check(struct ranks *r, const struct session *s, struct err *e)
{
    if (ranks_n(r) == 1)
        return OK;
    /* A config is handed over as it lies in memory: programs first */
    if (same_program_check(r, e))
        return e->code;
    check_identity(r, s, e);
    if (ranks_agree(r, false, e))
        return e->code;
    check_config(r, s, e);
    return ranks_agree(r, false, e);
}
