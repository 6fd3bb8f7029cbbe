/* SPDX-License-Identifier: Apache-2.0 */
/* "g1mb1ic64ih56iw56oc64oh56ow56kh3kw3sh1sw1ph1pw1dh0dw0": oneDNN's benchdnn names. Widths default to heights, output sizes to
 * what the rest gives (of squares, one to the other), dilations count the elements left out. A final "b" is a bias. */
#include <stdio.h>
#include <string.h>

#include "op/conv/conv.h"

bool oc__conv2d_print(const oc__problem *p, oc__string *out) {
    oc__conv c = oc__conv_of(p);
    if (c.g != 1)
        oc__string_printf(out, "g%lld", (long long)c.g);
    oc__string_printf(out, "mb%lldic%lldih%lld", (long long)c.n, (long long)c.c, (long long)c.h);
    if (c.w != c.h)
        oc__string_printf(out, "iw%lld", (long long)c.w);
    oc__string_printf(out, "oc%lldoh%lld", (long long)c.k, (long long)c.oh);
    bool square = c.w == c.h && c.s == c.r && c.stride_w == c.stride_h && c.pad_w == c.pad_h && c.dilation_w == c.dilation_h;
    if (c.ow != c.oh || !square)
        oc__string_printf(out, "ow%lld", (long long)c.ow);
    oc__string_printf(out, "kh%lld", (long long)c.r);
    if (c.s != c.r)
        oc__string_printf(out, "kw%lld", (long long)c.s);
    if (c.stride_h != 1 || c.stride_w != 1)
        oc__string_printf(out, "sh%lld", (long long)c.stride_h);
    if (c.stride_w != c.stride_h)
        oc__string_printf(out, "sw%lld", (long long)c.stride_w);
    if (c.pad_h || c.pad_w)
        oc__string_printf(out, "ph%lld", (long long)c.pad_h);
    if (c.pad_w != c.pad_h)
        oc__string_printf(out, "pw%lld", (long long)c.pad_w);
    if (c.dilation_h != 1 || c.dilation_w != 1)
        oc__string_printf(out, "dh%lld", (long long)c.dilation_h - 1);
    if (c.dilation_w != c.dilation_h)
        oc__string_printf(out, "dw%lld", (long long)c.dilation_w - 1);
    if (p->op == &oc__op_conv2d && p->op_in > 2 && p->in[2].dtype)
        oc__string_append(out, "b");
    return true;
}

enum { G, MB, IC, IH, IW, OCH, OH, OW, KH, KW, SH, SW, PH, PW, DH, DW, NAMES };
static const char *const names[NAMES] = {"g", "mb", "ic", "ih", "iw", "oc", "oh", "ow", "kh", "kw", "sh", "sw", "ph", "pw", "dh", "dw"};

static bool read_names(const char *body, int64_t *v, bool *bias, char why[OC_WHY]) {
    for (int i = 0; i < NAMES; i++)
        v[i] = -1;
    *bias = false;
    while (*body) {
        int i = 0;
        size_t length = strspn(body, "abcdefghijklmnopqrstuvwxyz");
        if (length == 1 && *body == 'b' && !body[1]) {
            *bias = true;
            break;
        }
        while (i < NAMES && (strlen(names[i]) != length || strncmp(names[i], body, length)))
            i++;
        if (i == NAMES || !oc__parse_int64(body + length, &body, &v[i]) || v[i] < 0 || v[i] > INT32_MAX) {
            snprintf(why, OC_WHY, "\"%.30s\" should be one of g mb ic ih iw oc oh ow kh kw sh sw ph pw dh dw and a number", body);
            return false;
        }
    }
    return true;
}

static void fill_defaults(int64_t *v) {
    static const int like[][2] = {{IH, IW}, {IW, IH}, {KH, KW}, {KW, KH}, {SH, SW}, {SW, SH}, {PH, PW}, {PW, PH}, {DH, DW}, {DW, DH}};
    for (size_t i = 0; i < OC_COUNT(like); i++)
        if (v[like[i][0]] < 0)
            v[like[i][0]] = v[like[i][1]];
    static const int64_t defaults[][2] = {{G, 1}, {MB, 1}, {SH, 1}, {SW, 1}, {PH, 0}, {PW, 0}, {DH, 0}, {DW, 0}};
    for (size_t i = 0; i < OC_COUNT(defaults); i++)
        if (v[defaults[i][0]] < 0)
            v[defaults[i][0]] = defaults[i][1];
}

/* The padding behind follows from the wanted output size; without one it is that in front. */
static int64_t pad_end(int64_t size, int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad) {
    if (out < 0)
        return pad;
    int64_t need = (out - 1) * stride + dilation * (kernel - 1) + 1 - size - pad;
    return OC_MAX(need, 0);
}

bool oc__conv2d_parse(oc__arena *arena, const char *body, oc__problem *p, char why[OC_WHY]) {
    int64_t v[NAMES];
    bool bias;
    if (!read_names(body, v, &bias, why))
        return false;
    fill_defaults(v);
    if (v[IC] < 0 || v[IH] < 0 || v[OCH] < 0 || v[KH] < 1 || v[KW] < 1 || v[SH] < 1 || v[SW] < 1 || v[G] < 1 || v[IC] % v[G] ||
        v[OCH] % v[G]) {
        snprintf(why, OC_WHY, "ic, ih, oc and kh are needed, strides and g at least 1, channels divisible by g");
        return false;
    }
    if (v[OW] < 0 && v[IW] == v[IH] && v[KW] == v[KH] && v[SW] == v[SH] && v[PW] == v[PH] && v[DW] == v[DH])
        v[OW] = v[OH];
    oc_conv_params *q = (void *)p->params;
    *q = (oc_conv_params){.stride = {v[SH], v[SW]}, .dilation = {v[DH] + 1, v[DW] + 1}, .pad_begin = {v[PH], v[PW]}, .groups = v[G]};
    q->pad_end[0] = pad_end(v[IH], v[OH], v[KH], v[SH], q->dilation[0], v[PH]);
    q->pad_end[1] = pad_end(v[IW], v[OW], v[KW], v[SW], q->dilation[1], v[PW]);
    int64_t oh = oc__dim_window(NULL, v[IH], v[KH], v[SH], q->dilation[0], v[PH], q->pad_end[0], false);
    int64_t ow = oc__dim_window(NULL, v[IW], v[KW], v[SW], q->dilation[1], v[PW], q->pad_end[1], false);
    if ((v[OH] >= 0 && oh != v[OH]) || (v[OW] >= 0 && ow != v[OW])) {
        snprintf(why, OC_WHY, "the result is %lld x %lld even without padding behind: oh and ow cannot be less", (long long)oh,
                 (long long)ow);
        return false;
    }
    p->in = oc__arena_alloc(arena, 12 * sizeof(*p->in));
    if (!p->in)
        return false;
    oc__desc src = oc__desc_plain(OC_F32, &OC_SHAPE(v[MB], v[IC], v[IH], v[IW]));
    oc__desc wei = oc__desc_plain(OC_F32, &OC_SHAPE(v[OCH], v[IC] / v[G], v[KH], v[KW]));
    oc__desc dst = oc__desc_plain(OC_F32, &OC_SHAPE(v[MB], v[OCH], oh, ow));
    bool data = p->op == &oc__op_conv2d_bwd_data, weights = p->op == &oc__op_conv2d_bwd_weights;
    p->in[0] = data ? dst : src;
    p->in[1] = weights ? dst : wei;
    p->in[2] = data ? src : weights ? wei : oc__desc_plain(OC_F32, &OC_SHAPE(v[OCH]));
    p->in_count = data || weights || bias ? 3 : 2;
    return true;
}
