#!/usr/bin/env bash
# run.sh - trains a tiny model of each variant for a few steps, then holds its
# logits, loss and gradients against PyTorch's (parity.py).
#
#   tools/parity/run.sh [VARIANT...]      `make parity` builds what it needs
#
# SINKLAB and DUMP name the two programs, PYTHON a Python with PyTorch. Exit
# status: 0 if all agree, or with a sentence where PyTorch is missing.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."
SINKLAB=${SINKLAB:-$PWD/sinklab}
DUMP=${DUMP:-$PWD/build/float/tools/parity/dump}
PYTHON=${PYTHON:-python3}

# Many steps of large size from large weights: scores of size 1 to 10, so that
# what is not linear shows.
STEPS=30

# NAME PRESET KEY=VALUE...; keys without a section are of [attention]. @texts is
# a folder of short documents.
variants() {
    cat <<'END_OF_VARIANTS'
gpt2 gpt2
llama llama
softmax1 gpt2 weights=softmax1
sigmoid_sum llama weights=sigmoid normalizer=sum
sigmoid_learned gpt2 weights=sigmoid sigmoid_bias=learned sigmoid_b=-2
sigmoid_length llama weights=sigmoid sigmoid_bias=length
sigmoid_p_norm gpt2 weights=sigmoid normalizer=p_norm normalizer_p=2
relu gpt2 weights=relu
relu2 gpt2 weights=relu2
elu1 llama weights=elu1 normalizer=sum
identity_abs_sum llama weights=identity normalizer=abs_sum features=mlp
linear_time llama weights=identity normalizer=sum features=elu1 linear_time=yes
linear_time_mlp gpt2 weights=identity normalizer=abs_sum features=mlp linear_time=yes
linear_time_gqa llama weights=identity normalizer=length kv_heads=2 linear_time=yes scale=0.5
softpick llama weights=softpick
clipped gpt2 weights=clipped clip_alpha=1.5 clip_visible=yes
elastic gpt2 weights=elastic elastic_tau=-0.5
affine llama weights=affine
ssmax llama weights=ssmax
sparsemax llama weights=sparsemax
entmax15 gpt2 weights=entmax15
stick_breaking gpt2 weights=stick_breaking model.position=none
threshold_relu llama weights=threshold_relu qk_norm=unit threshold_beta=0.5
threshold_relu_3 gpt2 weights=threshold_relu qk_norm=unit threshold_beta=0.2 threshold_power=3
softplus gpt2 weights=softplus
softplus_none llama weights=softplus normalizer=length
affine_registers gpt2 weights=affine registers=2 bias=key
softmax_p_norm gpt2 normalizer=p_norm normalizer_p=0.5
scale gpt2 scale=0.2
key_bias llama bias=key
key_bias_fixed llama bias=key bias_value=uniform bias_value_scale=2 bias_shared=yes bias_dims=3
key_bias_first gpt2 bias=key bias_value=first bias_value_scale=3
key_value_bias gpt2 bias=key_value
value_bias gpt2 bias=value
logit_bias llama bias=logit
alibi gpt2 model.position=alibi
t5 gpt2 model.position=t5
t5_study gpt2 model.position=t5_study
distance gpt2 model.position=distance
txl gpt2 model.position=txl
sinusoid gpt2 model.position=sinusoid
qk_norm_cap llama qk_norm=rms soft_cap=5
forget_input llama forget=input model.position=none
forget_learned gpt2 forget=learned
forget_fixed gpt2 forget=fixed
window_registers llama window=7 registers=3
window_layers gpt2 window=5 window_layers=1 score_scale=0.6
prefix gpt2 prefix=6
group gpt2 group=8 group_shift=yes group_globals=2
documents gpt2 document_token=3
documents_within gpt2 documents=within data.source=text data.path=@texts
documents_packed gpt2 documents=within data.source=text data.path=@texts data.order=packed data.restart_positions=yes
documents_rope llama documents=within registers=2 data.source=text data.path=@texts data.restart_positions=yes
documents_across llama model.position=sinusoid data.source=text data.path=@texts data.restart_positions=yes
documents_padded llama data.source=text data.path=@texts data.order=documents data.eos=yes
restarts_by_token llama document_token=3 data.restart_positions=yes
gate_element llama gate=input
gate_head gpt2 gate=input gate_per=head
gate_static gpt2 gate=static
context_scale llama context_scale=yes
value_gate llama value_gate=yes
v_scale llama v_scale=head kv_heads=2
value_residual llama value_residual=learned
value_residual_fixed gpt2 value_residual=fixed
head_norm gpt2 head_norm=yes
exclusive llama exclusive=yes
conv llama conv=3
add_heads gpt2 combine=add
gqa llama kv_heads=2
differential llama operation=differential
flow llama operation=flow
flow_gqa llama operation=flow kv_heads=2 flow_clamp=1
ssnorm_sandwich llama model.norm=ssnorm model.norm_place=sandwich
dyt_post gpt2 model.norm=dyt model.norm_place=post
norm_none gpt2 model.norm_place=none
ffn_relu gpt2 model.ffn=relu
ffn_gelu_erf gpt2 model.ffn=gelu_erf
ffn_silu gpt2 model.ffn=silu
ffn_reglu llama model.ffn=reglu
ffn_geglu llama model.ffn=geglu
loss_terms gpt2 loss.label_smoothing=0.1 loss.z=0.01 loss.activation=0.01 loss.hidden_norm=0.01 loss.l2=0.001 loss.entropy=0.1 loss.first_mass=0.2 loss.head_balance=0.3 loss.hidden_z=0.01
loss_terms_sigmoid llama weights=sigmoid bias=key_value registers=2 window=9 loss.entropy=-0.1 loss.first_mass=0.2 loss.head_balance=0.3 loss.from=4 loss.to=36
loss_terms_pairs llama operation=differential prefix=5 loss.entropy=0.1 loss.head_balance=0.3 loss.hidden_norm=0.1 loss.hidden_depth=1 loss.l2=0.01 loss.l2_on=matrices loss.activation=0.1 loss.activation_tau=1 loss.activation_power=2.5 loss.hidden_z=0.1
norm_eps gpt2 model.norm_eps=0.01
parallel gpt2 model.parallel=yes
parallel_sandwich llama model.parallel=yes model.norm_place=sandwich model.norm_eps=1e-6
rope_part llama model.rope_part=0.5 model.rope_base=300
head_width llama model.head_width=12 kv_heads=2 gate=input
head_width_pairs gpt2 model.head_width=6 operation=differential
rope_linear llama model.rope_scaling=linear model.rope_factor=3
rope_llama3 llama model.rope_scaling=llama3 model.rope_base=100 model.rope_from=16 model.rope_slow=0.5 model.rope_fast=2
olmo2 llama model.norm_place=behind qk_norm=rms_wide qk_norm_eps=1e-4 kv_heads=2
parallel_behind gpt2 model.parallel=yes model.norm_place=behind
biases_qkv gpt2 model.biases_on=qkv
biases_not_qkv gpt2 model.biases_on=not_qkv
biases_attention llama model.biases=yes model.biases_on=attention
neox gpt2 model.parallel=yes model.position=rope model.rope_part=0.25 model.ffn=gelu_erf model.tied_head=no
many llama qk_norm=rms soft_cap=8 forget=input bias=key_value registers=2 window=17 gate=input head_norm=yes kv_heads=2 conv=3 value_residual=learned
END_OF_VARIANTS
}

if ! "$PYTHON" -c 'import numpy, torch' 2>/dev/null; then
    echo "parity: $PYTHON has no PyTorch and NumPy; skipped"
    exit 0
fi
if [ ! -x "$DUMP" ]; then
    echo "parity: no program $DUMP; \`make parity\` builds it" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/tiny.ini" <<END
[model]
layers = 2
width = 32
heads = 4
context = 40
[train]
steps = $STEPS
batch = 8
threads = 1
log_every = $STEPS
val_every = 0
[optim]
lr = 1e-2
[sink]
tokens = 40
probe_every = 0
[checkpoint]
every = 0
END

mkdir "$work/texts"
for i in $(seq 10 99); do
    seq -s ' ' "$i" $((i + i % 13)) >"$work/texts/$i"
done

. tools/parity/wanted.sh

dumps=()
while read -r name preset keys; do
    is_wanted "$name" "$@" || continue
    overrides=(model.preset="$preset" model.init=framework)
    case $keys in
    *data.source=text*) ;;
    *) overrides+=(data.vocab=20) ;;
    esac
    for key in $keys; do
        key=${key/@/$work/}
        case ${key%%=*} in
        *.*) overrides+=("$key") ;;
        *) overrides+=("attention.$key") ;;
        esac
    done
    run=$work/run
    rm -rf "$run"
    "$SINKLAB" train "$work/tiny.ini" run.dir="$run" "${overrides[@]}" \
        >"$work/log" 2>&1 </dev/null || { cat "$work/log"; exit 1; }
    # a batch that training has not seen
    "$DUMP" "$run/checkpoints/step-$(printf %08d $STEPS).h5" 1000 \
        "$work/$name"
    dumps+=("$name=$work/$name")
done < <(variants)
if [ ${#dumps[@]} -eq 0 ]; then
    echo "parity: no variant is called $*" >&2
    exit 2
fi
"$PYTHON" -B tools/parity/parity.py "${dumps[@]}"
