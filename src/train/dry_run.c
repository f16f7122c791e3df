#include "train/dry_run.h"

#include "base/text.h"
#include "io/json.h"
#include "optim/learning_rate.h"
#include "train/run_timing.h"
#include "train/session.h"

enum { SHOWN_MAX = 32, DIGITS = 9 };

/* How long, and whence that is known. */
struct expected {
    double time_s, step_s; /* 0: not known; step_s: not measured */
    struct err why_not;
};

static const char *show_bytes(char text[SHOWN_MAX], double bytes)
{
    text_add_bytes(&(struct text){ text, SHOWN_MAX, 0 }, bytes);
    return text;
}

static const char *show_duration(char text[SHOWN_MAX], double s)
{
    struct text t = { text, SHOWN_MAX, 0 };
    if (s < 10)
        text_add(&t, "%.1fs", s);
    else
        text_add_duration(&t, s);
    return text;
}

static idx tokens_of_step(const struct config *c)
{
    return (idx)session_tokens(c, 1);
}

/* Where it cannot be measured here the rest is worth knowing, too. */
static struct expected expect(const struct plan *p, const struct config *c,
                              const struct dry_run_options *o)
{
    struct expected x = { .time_s = 0 };
    struct run_timing t;
    if (o->done >= c->train.steps)
        return x;
    if (o->rate > 0) {
        x.time_s = run_timing_at(o->rate, p, c, o->done);
        return x;
    }
    if (run_timing_measure(&t, c, &x.why_not))
        return x;
    x.step_s = t.step_s;
    x.time_s = run_timing_total(&t, p, c, o->done);
    return x;
}

/* ---- for people -------------------------------------------------------- */

static void print_time(FILE *out, const struct expected *x,
                       const struct config *c, const struct dry_run_options *o)
{
    char shown[SHOWN_MAX];
    if (o->done > 0)
        fprintf(out, "%-14s %td of %td steps\n", "done", o->done,
                c->train.steps);
    fprintf(out, "%-14s ", o->done > 0 ? "time left" : "time");
    if (o->done >= c->train.steps)
        fprintf(out, "none: more train.steps go on with it\n");
    else if (x->why_not.code)
        text_print_words(out, x->why_not.text,
                         15 + fprintf(out, "not measured:"), 15, 80);
    else if (x->step_s > 0)
        fprintf(out,
                "about %s: %.4g ms a step, %.4g tokens/s, without saving\n",
                show_duration(shown, x->time_s), x->step_s * 1e3,
                (double)tokens_of_step(c) / x->step_s);
    else
        fprintf(out, "about %s at %.4g tokens/s, what is measured included\n",
                show_duration(shown, x->time_s), o->rate);
}

static void print_people(FILE *out, const struct plan *p,
                         const struct config *c, const char *dir)
{
    char size[SHOWN_MAX];
    int threads = session_threads(c, NULL);
    fprintf(out, "%-14s %s\n", "run folder", dir);
    fprintf(out, "%-14s %td in %td tensors\n", "parameters", p->parameters,
            p->tensors);
    fprintf(out, "%-14s %td\n", "vocabulary", p->vocab);
    fprintf(out, "%-14s %td a step x %td steps = %.4g\n", "tokens",
            tokens_of_step(c), c->train.steps, p->tokens);
    idx last = c->train.steps;
    if (last > 0)
        fprintf(out, "%-14s %.4g, %.4g at the last step%s\n", "learning rate",
                c->optim.lr, schedule_lr(&c->optim, last, last),
                last < c->optim.warmup_steps
                    ? ", which is still one of optim.warmup_steps"
                    : "");
    fprintf(out, "%-14s %.4g a token, %.4g in all\n", "FLOPs",
            p->flops_per_token, p->flops_per_token * p->tokens);
    fprintf(out, "%-14s %s with %d thread%s\n", "memory",
            show_bytes(size, (double)p->memory_bytes), threads,
            threads == 1 ? "" : "s");
    struct engine_products products =
        engine_products(c->train.products, c->train.precision);
    fprintf(out, "%-14s %s, %s\n", "products", products.library,
            products.precision);
    if (products.remark)
        fprintf(out, "%-14s %s\n", "note", products.remark);
    fprintf(out, "%-14s %s in %td weights files, ", "checkpoints",
            show_bytes(size, p->weights_bytes * (double)p->weights_files),
            p->weights_files);
    fprintf(out, "%s in resume.h5\n", show_bytes(size, p->state_bytes));
    fflush(out); /* what is measured takes its time */
}

/* ---- for programs ------------------------------------------------------ */

static int print_json(FILE *out, const struct plan *p, const struct config *c,
                      const char *dir, const struct expected *x, idx done,
                      struct err *e)
{
    struct json j = { .depth = 0 };
    json_begin_object(&j, NULL);
    json_put_text(&j, "run", dir);
    json_put_count(&j, "parameters", p->parameters);
    json_put_count(&j, "tensors", p->tensors);
    json_put_count(&j, "vocabulary", p->vocab);
    json_put_count(&j, "steps", c->train.steps);
    json_put_count(&j, "steps_done", done);
    json_put_count(&j, "tokens_per_step", tokens_of_step(c));
    json_put_number(&j, "tokens", p->tokens);
    json_put_number(&j, "flops_per_token", p->flops_per_token);
    json_put_number(&j, "flops", p->flops_per_token * p->tokens);
    json_put_count(&j, "memory_bytes", (idx)p->memory_bytes);
    json_put_count(&j, "threads", session_threads(c, NULL));
    struct engine_products products =
        engine_products(c->train.products, c->train.precision);
    json_put_text(&j, "products", products.library);
    json_put_text(&j, "precision", products.precision);
    json_put_count(&j, "weights_files", p->weights_files);
    json_put_number(&j, "weights_bytes", p->weights_bytes);
    json_put_number(&j, "state_bytes", p->state_bytes);
    if (x->why_not.code)
        json_put_null(&j, "time_s");
    else
        json_put_number(&j, "time_s", x->time_s);
    if (x->step_s > 0)
        json_put_number(&j, "step_s", x->step_s);
    else
        json_put_null(&j, "step_s");
    json_end(&j);
    return json_write(out, &j, DIGITS, e);
}

int dry_run_print(FILE *out, const struct config *c, const char *dir,
                  const struct dry_run_options *o, struct err *e)
{
    struct plan p;
    struct plan_data data = { .is_begun = o->is_begun };
    plan_run(&p, &data, c, e);
    plan_data_release(&data); /* before a session opens them */
    if (e->code)
        return e->code;
    if (!o->is_json)
        print_people(out, &p, c, dir);
    struct expected x = expect(&p, c, o);
    if (o->is_json)
        return print_json(out, &p, c, dir, &x, o->done, e);
    print_time(out, &x, c, o);
    return OK;
}
