#!/usr/bin/env python3
"""Models made with transformers, imported, and held against what they were.

    tools/parity/models.py [FAMILY...]

For each family a tiny random model: saved, imported by `sinklab import`, and
compared on one batch: logits, the weights of every head, the gradient of every
tensor (bound 1e-5 of the largest entry). The gradients are saved as if they were
weights, so that the importer itself says which of ours is which of theirs. What
`sinklab export` writes is loaded by transformers (same logits) and imported
again (same bits). SINKLAB and DUMP name the two programs. Exit status: 0, 1 if
one differs, 3 without PyTorch, transformers and safetensors.
"""
import filecmp
import math
import os
import subprocess
import sys
import tempfile

try:
    import torch
    import transformers as hf
    from safetensors.torch import load_file

    from arrays import error, read
except ImportError as missing:
    print(f"parity: {missing.name} is not installed here; skipped")
    sys.exit(3)

BOUND = 1e-5
V, T, BATCH = 61, 32, 4
SINKLAB = os.environ.get("SINKLAB", "./sinklab")
DUMP = os.environ.get("DUMP", "build/float/tools/parity/dump")


def llama_like(make, **more):
    sizes = dict(vocab_size=V, hidden_size=24, num_hidden_layers=2,
                 num_attention_heads=4, intermediate_size=40,
                 max_position_embeddings=T, bos_token_id=1, eos_token_id=2,
                 attn_implementation="eager")
    return make(**{**sizes, **more})


def neox(**more):
    return hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(
        vocab_size=V, hidden_size=32, num_hidden_layers=2,
        num_attention_heads=4, intermediate_size=48, max_position_embeddings=T,
        bos_token_id=0, eos_token_id=0, attn_implementation="eager", **more))


def opt(**more):
    return hf.OPTForCausalLM(hf.OPTConfig(
        vocab_size=V, hidden_size=24, num_hidden_layers=2,
        num_attention_heads=4, ffn_dim=40, max_position_embeddings=T,
        word_embed_proj_dim=24, dropout=0.0, bos_token_id=2, eos_token_id=2,
        pad_token_id=None, attn_implementation="eager", **more))


# name: what makes it, and what export writes it as, if it does
MODELS = {
    "gpt2": (lambda: hf.GPT2LMHeadModel(hf.GPT2Config(
        vocab_size=V, n_embd=24, n_layer=2, n_head=3, n_positions=T,
        bos_token_id=5, eos_token_id=5, attn_pdrop=0, embd_pdrop=0,
        resid_pdrop=0, attn_implementation="eager")), True),
    "llama": (lambda: hf.LlamaForCausalLM(llama_like(
        hf.LlamaConfig, num_key_value_heads=2, rms_norm_eps=1e-6,
        rope_theta=500.0)), True),
    "llama_biases": (lambda: hf.LlamaForCausalLM(llama_like(
        hf.LlamaConfig, head_dim=10, rms_norm_eps=1e-4, attention_bias=True,
        tie_word_embeddings=True)), True),
    "llama_linear": (lambda: hf.LlamaForCausalLM(llama_like(
        hf.LlamaConfig, rope_parameters=dict(
            rope_type="linear", factor=4.0, rope_theta=100.0))), True),
    "llama3": (lambda: hf.LlamaForCausalLM(llama_like(
        hf.LlamaConfig, head_dim=16, num_key_value_heads=2,
        rope_parameters=dict(
            rope_type="llama3", factor=8.0, low_freq_factor=1.0,
            high_freq_factor=4.0, original_max_position_embeddings=16,
            rope_theta=100.0))), True),
    "mistral": (lambda: hf.MistralForCausalLM(llama_like(
        hf.MistralConfig, num_key_value_heads=2, sliding_window=7)), True),
    "qwen2": (lambda: hf.Qwen2ForCausalLM(llama_like(
        hf.Qwen2Config, num_key_value_heads=2)), True),
    "qwen2_windows": (lambda: hf.Qwen2ForCausalLM(llama_like(
        hf.Qwen2Config, num_key_value_heads=4, num_hidden_layers=3,
        use_sliding_window=True, sliding_window=5, max_window_layers=1)), True),
    "qwen3": (lambda: hf.Qwen3ForCausalLM(llama_like(
        hf.Qwen3Config, num_key_value_heads=2, head_dim=8)), True),
    "qwen3_windows": (lambda: hf.Qwen3ForCausalLM(llama_like(
        hf.Qwen3Config, num_key_value_heads=1, num_hidden_layers=3,
        head_dim=6, attention_bias=True,
        use_sliding_window=True, sliding_window=9, rms_norm_eps=1e-4,
        layer_types=["sliding_attention", "full_attention",
                     "sliding_attention"])), True),
    "olmo": (lambda: hf.OlmoForCausalLM(llama_like(
        hf.OlmoConfig, pad_token_id=None)), True),
    "olmo2": (lambda: hf.Olmo2ForCausalLM(llama_like(
        hf.Olmo2Config, pad_token_id=None, num_key_value_heads=2)), True),
    "gpt_neo": (lambda: hf.GPTNeoForCausalLM(hf.GPTNeoConfig(
        vocab_size=V, hidden_size=24, num_layers=3, num_heads=3,
        attention_types=[[["global", "local"], 1], [["local"], 1]],
        window_size=6, max_position_embeddings=T, bos_token_id=5,
        eos_token_id=5, attention_dropout=0, embed_dropout=0, resid_dropout=0,
        attn_implementation="eager")), True),
    "neox": (lambda: neox(rotary_pct=0.25, layer_norm_eps=1e-4), True),
    "neox_serial": (lambda: neox(rotary_pct=1.0, use_parallel_residual=False),
                    True),
    "opt": (opt, False),  # it goes out as GPT-2
    "opt_no_biases": (lambda: opt(enable_bias=False), True),
}
SHARDED = "llama"  # in several files, with an index


def shake(model):
    """Away from initial values, at which gains are 1 and biases 0."""
    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for p in model.parameters():
            scale = 0.5 if p.dim() == 1 else p.shape[-1] ** -0.5
            p.add_(scale * torch.randn(p.shape, generator=random))


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr}")


def imported(folder, to, work):
    run(SINKLAB, "import", folder, "-o", to, f"train.batch={BATCH}",
        "train.threads=1", "sink.tokens=16")
    out = os.path.join(work, "dump")
    run(DUMP, os.path.join(to, "checkpoints", "step-00000000.h5"), "0", out)
    return read(out)


def compare(name, work):
    """Errors of logits, heads' weights, gradients, and of what was exported."""
    make, is_exported = MODELS[name]
    torch.manual_seed(1)
    model = make()
    shake(model)
    model.eval()
    path = os.path.join(work, name)
    size = "20KB" if name == SHARDED else "5GB"
    model.save_pretrained(path, max_shard_size=size)
    ours = imported(path, path + "-run", work)
    tokens = ours["tokens"].long()
    # the last target of a row is no token of it
    found = model(tokens, output_attentions=True)
    loss = torch.nn.functional.cross_entropy(
        found.logits.reshape(-1, V), ours["targets"].long().reshape(-1))
    logits = found.logits.detach()
    heads = 0.0
    for layer, rows in enumerate(found.attentions):
        for b in range(rows.shape[0]):
            for h in range(rows.shape[1]):
                heads = max(heads, error(ours[f"rows/{layer}/{h}/{b}"],
                                         rows[b, h]))
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p.grad if p.grad is not None else torch.zeros_like(p))
    model.save_pretrained(path + "-gradient")
    theirs = imported(path + "-gradient", path + "-gradient-run", work)
    gradients = 0.0
    for key, g in theirs.items():
        learns_none = name == "olmo" and key.endswith((".gain", ".shift"))
        if key.startswith("weight/") and not learns_none:
            gradients = max(gradients, error(
                ours["gradient/" + key[len("weight/"):]], g))
    back = exported(path, tokens, logits, work) if is_exported else None
    return error(ours["logits"], logits), heads, gradients, back


def exported(path, tokens, logits, work):
    """Error of the logits of what transformers makes of an export; infinite if
    it does not come back bit by bit."""
    run(SINKLAB, "export", path + "-run", "--step", "0", "-o", path + "-out")
    run(SINKLAB, "import", path + "-out", "-o", path + "-again")
    run(SINKLAB, "export", path + "-again", "-o", path + "-twice")
    weights = [os.path.join(path + end, "model.safetensors")
               for end in ("-out", "-twice")]
    if not filecmp.cmp(*weights, shallow=False):
        return math.inf
    if os.path.exists(os.path.join(path, "model.safetensors")):
        was, now = load_file(os.path.join(path, "model.safetensors")), \
            load_file(weights[0])
        # OPT's first two positions are of no token
        if any(not torch.equal(now[key][2 * ("embed_positions" in key):],
                               was[key][2 * ("embed_positions" in key):])
               for key in now):
            return math.inf
    model = hf.AutoModelForCausalLM.from_pretrained(
        path + "-out", attn_implementation="eager").eval()
    return error(model(tokens).logits, logits)


def main():
    torch.set_num_threads(1)
    hf.logging.set_verbosity_error()
    hf.logging.disable_progress_bar()
    agree = differ = 0
    print(f"{'model':16} {'logits':>8} {'heads':>8} {'gradient':>8} {'export':>8}")
    with tempfile.TemporaryDirectory() as work:
        for name in sys.argv[1:] or MODELS:
            *errors, back = compare(name, work)
            is_good = all(x <= BOUND for x in errors) and \
                (back is None or back <= BOUND)
            agree, differ = agree + is_good, differ + (not is_good)
            print(f"{name:16} " + " ".join(f"{x:8.1e}" for x in errors) +
                  (f" {back:8.1e}" if back is not None else f" {'-':>8}") +
                  ("" if is_good else "  DIFFERS"), flush=True)
    print(f"{agree} agree, {differ} differ")
    return 1 if differ or not agree else 0


sys.exit(main())
