#include "nn/model/model.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "nn/attention/attention_facts.h"
#include "nn/ffns.h"
#include "nn/norms.h"

static idx declare_vector(struct model *m, bool wanted, enum param_role role,
                          idx fan_in, idx n, idx layer, const char *name)
{
    if (!wanted)
        return NO_PARAM;
    if (layer < 0)
        return param_declare(&m->table, role, fan_in, 1, &n, "%s", name);
    return param_declare(&m->table, role, fan_in, 1, &n, "block.%td.%s", layer,
                         name);
}

static idx declare_matrix(struct model *m, enum param_role role, idx N, idx K,
                          idx layer, const char *name)
{
    return param_declare(&m->table, role, K, 2, (idx[]){ N, K }, "block.%td.%s",
                         layer, name);
}

static struct norm_params declare_norm(struct model *m, bool wanted, idx layer,
                                       const char *name)
{
    char text[PARAM_NAME_MAX];
    const struct norm *norm = norms[m->spec.model.norm].kernel;
    struct norm_params p = { NO_PARAM, NO_PARAM };
    if (!wanted)
        return p;
    snprintf(text, sizeof text, "%s.gain", name);
    p.gain = declare_vector(m, true, PARAM_GAIN, m->C,
                            norm_gain_numbers(norm, m->C), layer, text);
    param_last(&m->table)->last = norm->has_scalar ? norm->scalar_start : 1;
    snprintf(text, sizeof text, "%s.shift", name);
    p.shift = declare_vector(m, norm->has_shift, PARAM_SHIFT, m->C, m->C, layer,
                             text);
    return p;
}

/* --- what heads read ------------------------------------------------------ */

/* One row of n a head, or one for all of them. */
static struct head_param *declare_head_param(struct model *m, idx l, int kind,
                                             enum param_role role, idx n,
                                             bool is_shared, const char *name)
{
    struct head_param *h = &m->blocks[l].head_params[kind];
    idx shape[2] = { is_shared ? 1 : m->H, n };
    h->offset = param_declare(&m->table, role, n, 2, shape,
                              "block.%td.attention.%s", l, name);
    h->n = n;
    h->is_shared = is_shared;
    return h;
}

static void declare_column(struct model *m, idx l)
{
    const struct attention_options *a = &m->blocks[l].attention;
    bool shared = a->bias_shared;
    idx dims = attention_bias_dims(a, m->D);
    if (a->bias == BIAS_KEY || a->bias == BIAS_KEY_VALUE)
        declare_head_param(m, l, HEAD_COLUMN_KEY, PARAM_COLUMN, dims, shared,
                           "column_key");
    if (a->bias == BIAS_VALUE || a->bias == BIAS_KEY_VALUE)
        declare_head_param(m, l, HEAD_COLUMN_VALUE, PARAM_COLUMN, m->E, shared,
                           "column_value");
    if (a->bias == BIAS_LOGIT) /* starts at 0, softmax off by one */
        declare_head_param(m, l, HEAD_COLUMN_SCORE, PARAM_OWN, 1, shared,
                           "column_score");
}

static void declare_head_numbers(struct model *m, idx l)
{
    struct model_spec spec = model_layer(m, l);
    const struct attention_options *a = &spec.attention;
    struct map_learned learned[MAP_LEARNED_MAX];
    const struct score_edit *edits[SCORE_EDITS_MAX];
    idx n = weight_map_learned(learned, a), T = m->R + m->T;
    for (idx i = 0; i < n; i++) {
        declare_head_param(m, l, (int)(HEAD_WEIGHTS + i),
                           learned[i].is_state ? PARAM_STATE : PARAM_OWN, 1,
                           false, learned[i].name);
        param_last(&m->table)->mean = learned[i].start;
    }
    n = score_edits_of(edits, &spec);
    for (idx i = 0; i < n; i++) {
        idx numbers = edits[i]->n_learned ? edits[i]->n_learned(a, T, m->D) : 0;
        if (!numbers)
            continue;
        declare_head_param(m, l, (int)(HEAD_EDITS + i), PARAM_OWN, numbers,
                           false, edits[i]->text.name);
        param_last(&m->table)->std = edits[i]->std;
        param_last(&m->table)->start = edits[i]->start;
    }
}

/* Places in a head's gradients; the map's numbers lie side by side. */
static void place_head_grads(struct model *m, idx l)
{
    struct head_param *p = m->blocks[l].head_params;
    idx n = MAP_LEARNED_MAX;
    for (int i = 0; i < HEAD_PARAMS; i++) {
        p[i].at = n;
        if (i >= HEAD_WEIGHTS && i < HEAD_EDITS)
            p[i].at = i - HEAD_WEIGHTS;
        else if (p[i].offset != NO_PARAM)
            n += p[i].n;
    }
    m->head_grads_n = idx_max(m->head_grads_n, n);
}

struct stage_block model_stage_block(const struct model *m, idx layer)
{
    return (struct stage_block){ .options = &m->blocks[layer].attention,
                                 .layer = layer,
                                 .L = m->L,
                                 .H = m->H,
                                 .K = m->K,
                                 .D = m->D,
                                 .E = m->E,
                                 .A = m->H * m->D,
                                 .turned = model_rope_width(&m->spec.model),
                                 .W = m->W,
                                 .k = model_k(m, 0),
                                 .v = model_v(m, 0),
                                 .views = m->views };
}

/* --- stages and projections ----------------------------------------------- */

/* The stages of a table that are on; returns how many, and the width of what
 * comes out of the last one. */
static idx find_stages(const struct model *m, const struct stage *const *table,
                       struct block_stage *on, idx l, idx *width)
{
    struct model_spec spec = model_layer(m, l);
    struct stage_block block = model_stage_block(m, l);
    idx n = 0;
    for (idx i = 0; table[i]; i++) {
        if (!table[i]->is_on(&spec))
            continue;
        BUG_ON(n == STAGES_MAX || (n > 0 && table[i]->crosses_tiles));
        BUG_ON(n > 0 && on[n - 1].stage->reads_out && table[i]->is_in_place);
        struct block_stage *s = &on[n++];
        *s = (struct block_stage){ .stage = table[i],
                                   .in_width = *width,
                                   .out_width = *width };
        if (table[i]->out_width)
            s->out_width = table[i]->out_width(&block, *width);
        *width = s->out_width;
    }
    return n;
}

static void declare_stages(struct model *m, struct block_stage *on, idx n,
                           idx l)
{
    struct stage_block block = model_stage_block(m, l);
    for (idx i = 0; i < n; i++) {
        struct stage_tensors t = { .stage = &on[i],
                                   .table = &m->table,
                                   .partials_n = &m->blocks[l].partials_n,
                                   .layer = l };
        if (on[i].stage->declare)
            on[i].stage->declare(&t, &block);
    }
}

/* A projection that somebody asks for, and where its number is noted. */
struct request {
    struct projection p;
    int *number;
};

/* Behind all of no higher rank. */
static void ask(struct request *list, int *n, struct projection p, int *number)
{
    *number = NO_PROJECTION;
    if (!p.name)
        return;
    BUG_ON(*n == PROJECTIONS_MAX);
    int i = (*n)++;
    for (; i > 0 && list[i - 1].p.rank > p.rank; i--)
        list[i] = list[i - 1];
    list[i] = (struct request){ p, number };
}

static void ask_for_stages(struct request *list, int *n,
                           const struct stage_block *block,
                           struct block_stage *on, idx n_on)
{
    for (idx i = 0; i < n_on; i++) {
        struct projection p = { .name = NULL };
        if (on[i].stage->projection)
            p = on[i].stage->projection(block);
        ask(list, n, p, &on[i].projection);
    }
}

static int requests_of(const struct model *m,
                       struct request list[PROJECTIONS_MAX], idx l)
{
    struct block_params *b = &m->blocks[l];
    struct model_spec spec = model_layer(m, l);
    struct stage_block block = model_stage_block(m, l);
    const struct score_edit *edits[SCORE_EDITS_MAX];
    const struct projection none = { .name = NULL };
    bool has_map = attention_has_map(&b->attention);
    int n = 0;
    ask(list, &n,
        has_map ? weight_maps[b->attention.weights]->query_number : none,
        &b->of_map);
    idx n_edits = score_edits_of(edits, &spec);
    for (idx i = 0; i < n_edits; i++)
        ask(list, &n, edits[i]->projection, &b->of_edits[i]);
    ask_for_stages(list, &n, &block, b->in, b->n_in);
    ask_for_stages(list, &n, &block, b->out, b->n_out);
    return n;
}

static void declare_projections(struct model *m, idx l)
{
    struct block_params *b = &m->blocks[l];
    struct request list[PROJECTIONS_MAX];
    char text[PARAM_NAME_MAX];
    b->n_projections = requests_of(m, list, l);
    for (int i = 0; i < b->n_projections; i++) {
        const struct projection *p = &list[i].p;
        struct projection_params *q = &b->projections[i];
        *list[i].number = i;
        q->n = p->width ? p->width : m->H;
        snprintf(text, sizeof text, "attention.%s.weight", p->name);
        q->w = declare_matrix(m, PARAM_LINEAR, q->n, m->C, l, text);
        snprintf(text, sizeof text, "attention.%s.bias", p->name);
        q->b = declare_vector(m, p->has_bias, PARAM_BIAS, m->C, q->n, l, text);
    }
}

/* --- the model ------------------------------------------------------------ */

/* Has the linear layer a bias? qkv; attention: its output; ffn: both. */
static bool has_bias(const struct model_options *o, enum biases_on layer)
{
    bool is_on = o->biases_on == BIASES_ALL || o->biases_on == (int)layer ||
                 (o->biases_on == BIASES_ATTENTION && layer == BIASES_QKV) ||
                 (o->biases_on == BIASES_NOT_QKV && layer != BIASES_QKV);
    return o->biases && is_on;
}

/* KEEP WITH: docs/FORMATS.md, names of tensors */
static void declare_block(struct model *m, idx l)
{
    struct block_params *b = &m->blocks[l];
    const struct model_options *o = &m->spec.model;
    const struct norm_place_choice *place = &norm_places[o->norm_place];
    bool is_behind = place->is_behind;
    bool has_norms = place->is_before || place->is_behind_sum;
    idx C = m->C, F = m->F, U = m->U, width = m->W;
    enum param_role down =
        o->ffn == FFN_SWIGLU ? PARAM_SWIGLU_OUT : PARAM_RESIDUAL;
    for (int i = 0; i < HEAD_PARAMS; i++)
        b->head_params[i].offset = NO_PARAM;
    b->n_in = find_stages(m, stages_in, b->in, l, &width);
    BUG_ON(width != m->W);
    b->O = m->H * m->E;
    b->n_out = find_stages(m, stages_out, b->out, l, &b->O);
    b->norm[SUB_ATTENTION] = declare_norm(m, has_norms, l, "norm1");
    b->qkv_w =
        declare_matrix(m, PARAM_LINEAR, m->W, C, l, "attention.qkv.weight");
    param_cut(param_last(&m->table), "q", m->H * m->D);
    param_cut(param_last(&m->table), "k", m->K * m->D);
    param_cut(param_last(&m->table), "v", m->K * m->D);
    b->qkv_b = declare_vector(m, has_bias(o, BIASES_QKV), PARAM_BIAS, C, m->W,
                              l, "attention.qkv.bias");
    declare_projections(m, l);
    declare_stages(m, b->in, b->n_in, l);
    declare_column(m, l);
    declare_head_numbers(m, l);
    place_head_grads(m, l);
    declare_stages(m, b->out, b->n_out, l);
    m->partials_n = idx_max(m->partials_n, b->partials_n);
    b->out_w =
        declare_matrix(m, PARAM_RESIDUAL, C, b->O, l, "attention.out.weight");
    b->out_b = declare_vector(m, has_bias(o, BIASES_ATTENTION), PARAM_BIAS,
                              b->O, C, l, "attention.out.bias");
    b->behind[SUB_ATTENTION] = declare_norm(m, is_behind, l, "norm1_behind");
    b->norm[SUB_FFN] = declare_norm(m, has_norms, l, "norm2");
    b->up_w = declare_matrix(m, PARAM_LINEAR, U, C, l, "ffn.up.weight");
    if (U > F) {
        param_cut(param_last(&m->table), "gate", F);
        param_cut(param_last(&m->table), "up", F);
    }
    b->up_b = declare_vector(m, has_bias(o, BIASES_FFN), PARAM_BIAS, C, U, l,
                             "ffn.up.bias");
    b->down_w = declare_matrix(m, down, C, F, l, "ffn.down.weight");
    b->down_b = declare_vector(m, has_bias(o, BIASES_FFN), PARAM_BIAS, F, C, l,
                               "ffn.down.bias");
    b->behind[SUB_FFN] = declare_norm(m, is_behind, l, "norm2_behind");
}

/* All layers, and what they must have in common. */
static int set_layers(struct model *m, const struct model_spec *spec,
                      struct err *e)
{
    if (!spec->layers && model_spec_check(spec, e))
        return e->code;
    m->blocks = calloc((size_t)m->spec.model.layers, sizeof *m->blocks);
    if (!m->blocks)
        return err_memory(e, NULL);
    for (idx l = 0; l < m->spec.model.layers; l++) {
        m->blocks[l].attention = attention_of_layer(
            spec->layers ? &spec->layers[l] : &spec->attention, l);
        struct model_spec layer = model_layer(m, l);
        const struct attention_options *a = &layer.attention,
                                       *first = &m->blocks[0].attention;
        if (model_spec_check(&layer, e))
            return e->code;
        if (a->operation != first->operation ||
            a->kv_heads != first->kv_heads ||
            a->registers != first->registers || a->prefix != first->prefix ||
            a->documents != first->documents ||
            a->document_token != first->document_token ||
            a->value_residual != first->value_residual)
            return err_set(e, ERR_CONFIG,
                           "[attention] layers 0 and %td: operation, kv_heads, "
                           "registers, prefix, documents, document_token and "
                           "value_residual are of all layers: give both the "
                           "same",
                           l);
    }
    return OK;
}

static void set_sizes(struct model *m, idx V)
{
    const struct model_options *o = &m->spec.model;
    const struct attention_options *a = &m->blocks[0].attention;
    struct model_spec spec = model_layer(m, 0);
    m->L = o->layers;
    m->C = o->width;
    m->H = o->heads;
    m->D = model_head_width(o);
    m->K = model_kv_heads(&spec);
    m->E = attention_value_width(a, m->D);
    m->W = (m->H + 2 * m->K) * m->D;
    m->R = a->registers;
    m->views = attention_views(a, m->H);
    m->F = model_ffn_width(o);
    m->U = ffns[o->ffn].kernel->is_gated ? 2 * m->F : m->F;
    m->V = V;
    m->T = o->context;
}

static int check_tokens(const struct model *m, struct err *e)
{
    idx token = m->blocks[0].attention.document_token;
    if (token >= m->V)
        return err_set(e, ERR_CONFIG,
                       "[attention] document_token = %td is no token: the data "
                       "has tokens 0 to %td",
                       token, m->V - 1);
    return OK;
}

int model_init(struct model *m, const struct model_spec *spec, idx V,
               struct err *e)
{
    const struct model_options *o = &spec->model;
    BUG_ON(V < 1);
    *m = (struct model){ .spec = *spec };
    m->spec.layers = NULL; /* borrowed */
    for (idx i = 0; loss_terms[i]; i++)
        if (loss_term_is_on(&spec->loss, i))
            m->terms[m->n_terms++] = i;
    if (set_layers(m, spec, e))
        return e->code;
    set_sizes(m, V);
    if (check_tokens(m, e))
        return e->code;

    idx C = m->C;
    bool has_final = norm_places[o->norm_place].is_final;
    m->token_w = param_declare(&m->table, PARAM_EMBEDDING, C, 2,
                               (idx[]){ V, C }, "token.weight");
    m->position_w = m->register_w = NO_PARAM;
    if (o->position == POSITION_LEARNED)
        m->position_w = param_declare(&m->table, PARAM_EMBEDDING, C, 2,
                                      (idx[]){ m->T, C }, "position.weight");
    if (m->R)
        m->register_w = param_declare(&m->table, PARAM_EMBEDDING, C, 2,
                                      (idx[]){ m->R, C }, "register.weight");
    for (idx l = 0; l < m->L; l++)
        declare_block(m, l);
    m->final = declare_norm(m, has_final, -1, "final");
    m->unembed_w = m->token_w;
    if (!o->tied_head)
        m->unembed_w = param_declare(&m->table, PARAM_HEAD, C, 2,
                                     (idx[]){ V, C }, "head.weight");
    if (m->table.is_out_of_memory)
        return err_memory(e, NULL);
    return OK;
}

void model_release(struct model *m)
{
    free(m->blocks);
    param_table_release(&m->table);
    *m = (struct model){ 0 };
}

struct batch_rules model_batch_rules(const struct model *m, idx T)
{
    const struct attention_options *a = &m->blocks[0].attention;
    const struct loss_options *loss = &m->spec.loss;
    idx seen = a->prefix > 1 ? a->prefix - 1 : 0;
    return (struct batch_rules){
        .unscored = idx_min(idx_max(seen, loss->from), T - 1),
        .scored_to = loss->to,
        .document_token = a->document_token,
        .has_documents = a->documents == DOCUMENTS_WITHIN,
    };
}

bool model_shows_extra(const struct model *m, idx layer)
{
    const struct attention_options *a = &m->blocks[layer].attention;
    return attention_has_column(a) || m->R || attention_has_remainder(a);
}

double model_flops_per_token(const struct model *m, idx T)
{
    double products = (double)m->V * (double)m->C; /* head */
    for (idx i = 0; i < m->table.count; i++) {
        const struct param *p = &m->table.rows[i];
        if (param_is_matrix(p) && p->role != PARAM_EMBEDDING &&
            p->offset != m->unembed_w)
            products += (double)p->n;
    }
    double seen = 0;
    for (idx l = 0; l < m->L; l++) {
        /* Running sums update and read a (D,E) state instead of T keys. */
        bool has_sums = attention_has_sums(&m->blocks[l].attention);
        seen += has_sums ? 2 * (double)m->D : (double)T;
    }
    double width = 3 * (1 + (double)m->E / (double)m->D); /* q.k and mixing */
    return 6 * products + width * seen * (double)(m->H * m->D);
}
