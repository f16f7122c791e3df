#include "analysis/run_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/shell.h"
#include "base/text.h"
#include "config/config_differ.h"
#include "config/config_when.h"
#include "kern/products.h"
#include "run/checkpoint.h"
#include "train/session.h"

int run_model_check(const struct config *c, const char *dir, const char *sealed,
                    const char *path, struct err *e)
{
    char here[KEY_PRINT_MAX], there[KEY_PRINT_MAX];
    struct config own;
    struct config_key k;
    struct config now = *c;
    if (config_load_text(&own, sealed, path, e))
        return e->code;
    /* What is not read decides nothing: an earlier version may have kept it, or
     * known no condition of that key. */
    config_drop_idle(&own);
    config_drop_idle(&now);
    if (!config_past_differs(&k, &now, &own))
        return OK;
    config_value(here, sizeof here, c, k);
    config_value(there, sizeof there, &own, k);
    return err_set(
        e, ERR_CONFIG,
        "%s/config.ini: %s.%s is %.200s, but %.200s in %s, which the "
        "run wrote: undo that change",
        dir, k.section->name, k.key->name, here, there, path);
}

void run_model_tell(FILE *out, const struct config *c, const char *dir)
{
    struct config own;
    if (run_config_load(&own, dir, ERR_IGNORED) == OK &&
        own.train.products != c->train.products)
        fprintf(out,
                "note: not computed as the run was, so last bits may differ: "
                "train.products was %s and is %s\n",
                products_name(own.train.products),
                products_name(c->train.products));
}

int run_model_none(const char *dir, struct err *e)
{
    char word[2 * RUN_DIR_MAX];
    shell_word(word, sizeof word, dir);
    return err_set(e, ERR_DATA,
                   "%s has no checkpoints yet: `sinklab train %s` writes them",
                   dir, word);
}

/* ---- which checkpoint -------------------------------------------------- */

enum { LISTED_MAX = 12, LIST_BYTES = 512 };

/* "0, 100 and 200", or of many "41, from 0 to 4000, next to it 300 and 400". */
static void add_steps(struct text *t, const struct step_list *all, idx step)
{
    idx above = 0;
    if (all->n <= LISTED_MAX) {
        for (idx i = 0; i < all->n; i++)
            text_add(t, "%s%td",
                     i == 0            ? ""
                     : i == all->n - 1 ? " and "
                                       : ", ",
                     all->steps[i]);
        return;
    }
    while (above < all->n && all->steps[above] < step)
        above++;
    text_add(t, "%td, from %td to %td, next to it", all->n, all->steps[0],
             all->steps[all->n - 1]);
    if (above > 0)
        text_add(t, " %td", all->steps[above - 1]);
    if (above < all->n)
        text_add(t, "%s %td", above > 0 ? " and" : "", all->steps[above]);
}

static int choose(idx *step, const struct step_list *all,
                  const struct run_model_query *q, struct err *e)
{
    char steps[LIST_BYTES];
    struct text t = { .at = steps, .cap_bytes = sizeof steps };
    if (all->n == 0)
        return run_model_none(q->dir, e);
    *step = q->step == NO_STEP ? all->steps[all->n - 1] : q->step;
    for (idx i = 0; i < all->n; i++)
        if (all->steps[i] == *step)
            return OK;
    add_steps(&t, all, *step);
    return err_set(e, ERR_USAGE,
                   "%s: no checkpoint of step %td: want one of those there "
                   "are: %s",
                   q->dir, *step, steps);
}

static int find_checkpoint(struct run_model *m, const struct run_model_query *q,
                           struct err *e)
{
    struct step_list all = { 0 };
    if (run_list_checkpoints(&all, q->dir, e) == OK)
        choose(&m->step, &all, q, e);
    if (!e->code)
        run_step_path(m->path, q->dir, m->step);
    step_list_release(&all);
    return e->code;
}

/* ---- opening ----------------------------------------------------------- */

static int read_config(struct run_model *m, const struct run_model_query *q,
                       struct err *e)
{
    bool is_run;
    if (strlen(q->dir) >= RUN_DIR_MAX)
        return err_set(e, ERR_USAGE, "%s: path too long", q->dir);
    if (run_holds_run(&is_run, q->dir, e))
        return e->code;
    if (!is_run)
        return run_none(q->dir,
                        "the folder of one run; a sweep's has one for each", e);
    if (run_config_load(&m->config, q->dir, e))
        return e->code;
    return config_override(&m->config, NULL, q->overrides, q->n_overrides,
                           KEY_RESUME | KEY_READ, NULL, e);
}

/* Before anything is built after config.ini: what does the run say itself? */
static int check_head(struct run_model *m, const char *dir, struct err *e)
{
    struct checkpoint_head head = { 0 };
    if (checkpoint_read_head(&head, m->path, e) == OK &&
        run_model_check(&m->config, dir, head.config, m->path, e) == OK &&
        head.step != m->step)
        err_set(e, ERR_CHECKPOINT,
                "%s says it is of step %td: put the right file back", m->path,
                head.step);
    strcpy(m->run_id, head.run_id);
    free(head.config);
    return e->code;
}

int run_model_open(struct run_model *m, const struct run_model_query *q,
                   struct err *e)
{
    *m = (struct run_model){ .step = NO_STEP };
    if (read_config(m, q, e) || find_checkpoint(m, q, e) ||
        check_head(m, q->dir, e))
        return e->code;
    const struct config *c = &m->config;
    struct model_spec spec = config_spec(c);
    if (source_open(&m->source, &c->data, 0, c->model.context, e) ||
        token_text_open(&m->text, &m->source, q->unicode, e))
        return e->code;
    return model_init(&m->model, &spec, m->source.vocab, e);
}

static const char remedy[] = "give a shorter text, or fewer train.threads";

static int check_memory(const struct run_model *m,
                        const struct engine_request *r, struct err *e)
{
    const struct memory_need need = {
        .what = "the model",
        .bytes = (double)engine_bytes(&m->model, r) +
                 (double)session_state_bytes(&m->config, &m->model, false),
        .mapped_bytes = (double)engine_mapped_bytes(r),
        .remedy = remedy,
    };
    return memory_check(&need, "", e);
}

int run_model_start(struct run_model *m, idx T, int reads, struct err *e)
{
    struct engine_request r = { .B = 1,
                                .T = reads ? 1 : T,
                                .seen_B = reads != 0,
                                .seen_T = reads ? T : 0,
                                .reads = reads,
                                .threads = session_threads(&m->config, NULL),
                                .products = m->config.train.products,
                                .precision = m->config.train.precision };
    struct err own = { 0 };
    if (check_memory(m, &r, e) || engine_start(r.threads, "train.threads", e) ||
        engine_start_products(&r, e))
        return e->code;
    if (engine_open(&m->engine, &m->model, &r, &own))
        return err_pass_memory(e, &own, remedy);
    struct checkpoint_data data = { .weights =
                                        engine_download(&m->engine).weights };
    if (checkpoint_load(NULL, m->path, &m->model.table, &data, e) == OK)
        engine_upload(&m->engine);
    return e->code;
}

void run_model_release(struct run_model *m)
{
    engine_release(&m->engine);
    model_release(&m->model);
    token_text_close(&m->text);
    source_release(&m->source);
    *m = (struct run_model){ 0 };
}
