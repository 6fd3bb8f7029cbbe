/* SPDX-License-Identifier: Apache-2.0 */
/* What the direct convolutions share: demands, tiles, their cost. */
#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/room.h"

static const int32_t tile_pixels[] = {14, 12, 9, 8, 7, 6, 5, 4, 1, 0};
const oc__tuning oc__conv_tiles[] = {{"T", tile_pixels}, {NULL, NULL}};

oc__conv oc__conv_walk(const oc__problem *p) {
    oc__conv c = oc__conv_of(p), x = c;
    if (p->op == &oc__op_conv2d)
        return c;
    x.c = c.k;
    x.k = c.c;
    x.h = c.oh;
    x.w = c.ow;
    x.oh = c.h;
    x.ow = c.w;
    x.pad_h = c.r - 1 - c.pad_h;
    x.pad_w = c.s - 1 - c.pad_w;
    return x;
}

bool oc__conv_has_bias(const oc__problem *p) {
    return p->op == &oc__op_conv2d && p->op_in > 2 && p->in[2].dtype;
}

bool oc__conv_for_cpu(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_of(p);
    if (!oc__for_cpu_f32(p, caps, why))
        return false;
    int64_t most = OC_MAX(OC_MAX(c.h * c.w, c.oh * c.ow) * 16, OC_MAX(c.r * c.s * 768, OC_MAX(c.c, c.k)));
    if (most > INT32_MAX / 2 || c.h + c.r * c.dilation_h + c.pad_h > INT32_MAX / 2 ||
        c.w + c.s * c.dilation_w + c.pad_w > INT32_MAX / 2 || c.oh * c.stride_h > INT32_MAX / 2 || c.ow * c.stride_w > INT32_MAX / 2)
        return oc__refuse(why, "a size beyond what 32 bits count");
    return true;
}

bool oc__conv_groups_fit(const oc__conv *c, char why[OC_WHY]) {
    if (c->g > 1 && (c->cg % 16 || c->kg % 16))
        return oc__refuse(why, "groups of %lld to %lld channels cannot be cut into blocks of 16", (long long)c->cg, (long long)c->kg);
    return true;
}

void oc__conv_blocks(const oc__problem *p, bool backward, int kv, oc__layout *in, oc__layout *out) {
    static const char *const forms[2][5] = {{"", "ABcd16b16a", "ABcd16b32a", "ABcd16b48a", "ABcd16b64a"},
                                            {"", "BAcd16a16b", "BAcd16a32b", "BAcd16a48b", "BAcd16a64b"}};
    oc__layout_parse(forms[backward][kv], &in[1]);
    in[0] = out[0] = oc__layout_blocked(4, 1, 16);
    for (int i = p->op_in; i < p->in_count; i++)
        if (p->in[i].shape.rank == 4)
            in[i] = out[0];
}

int64_t oc__conv_share(const oc__caps *caps, int64_t tiles, int64_t others, int64_t most, bool near) {
    int64_t items = (near ? 16 : 6) * (int64_t)OC_MAX(caps->compute_units, 1u), parts = (items + others - 1) / others;
    parts = OC_MIN(OC_MAX(parts, (tiles + most - 1) / most), tiles);
    return (tiles + parts - 1) / parts;
}

oc__layout oc__layout_blocked(int rank, int axis, int block) {
    oc__layout layout = oc__layout_plain(rank);
    layout.block_count = 1;
    layout.block_axis[0] = (int8_t)axis;
    layout.block_size[0] = (int16_t)block;
    return layout;
}

void oc__conv_bias(const oc__recording *r, oc__step *step) {
    bool bias = oc__conv_has_bias(r->problem);
    int operand = bias ? 2 : 1; /* any, where it is not read */
    oc__step_desc(r->steps, step, r->in[operand].place, &r->problem->in[operand]);
    oc__step_i32(r->steps, step, bias);
}

void oc__conv_define(const oc__problem *p, const oc__caps *caps, oc__string *text) {
    oc__epilogue_define(p, text);
    oc__string_append(text, caps->fast_fma ? "#define FAST_FMA\n" : "");
}
