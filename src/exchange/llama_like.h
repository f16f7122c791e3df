/* llama_like.h - what LLaMA (arXiv 2302.13971) and the families that are built
 * like it have in common: names, sizes, rotary positions, gated feed-forwards.
 * What a family adds to that, its file says. */
#ifndef SINKLAB_EXCHANGE_LLAMA_LIKE_H
#define SINKLAB_EXCHANGE_LLAMA_LIKE_H

#include "exchange/family.h"

/* ---- config.json to settings --------------------------------------------- */

/* Sizes, positions, the feed-forward, and tokens. Returns the layers. */
idx llama_read_sizes(struct asked *a);
/* norm = rmsnorm, with rms_norm_eps, or eps where that is not there. Returns
 * it. */
double llama_read_rms(struct asked *a, double eps);
void llama_read_biases(struct asked *a, bool attention, bool ffn);
/* The window of Qwen's, if use_sliding_window: of those layers that layer_types
 * names, or without it of those from max_window_layers on. */
void llama_read_windows(struct asked *a, idx layers);

/* ---- links --------------------------------------------------------------- */

/* All there is of the model: norms in front or behind, those of queries and
 * keys. Layer norms are taken for some that learn nothing. */
void llama_link(struct links *l);

/* ---- for export ---------------------------------------------------------- */

/* The setting that none of them has; NULL: none. */
const char *llama_refuses(const struct model *m);
/* The same of those whose heads have a width of C / H, without a key of it. */
const char *llama_refuses_width(const struct model *m);
/* Has the model a norm of queries and keys of this kind (enum qk_norm), with
 * the eps of its others? Else the setting that is otherwise. */
const char *llama_refuses_qk_norm(const struct model *m, int kind);
/* Have only these linear layers biases? Else "model.biases_on", or the like. */
const char *llama_refuses_biases(const struct model *m, bool attention,
                                 bool ffn);

void llama_write_sizes(struct json *j, const struct model *m);
void llama_write_windows(struct json *j, const struct model *m);
/* Have queries, keys, values and attention's output biases? Has the
 * feed-forward? */
bool llama_biases_attention(const struct model *m);
bool llama_biases_ffn(const struct model *m);

extern const char *const llama_passed_over[];

#endif
