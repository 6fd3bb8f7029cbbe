/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution by Fourier's transform for CPU devices, on channels in blocks, forward and backward by data: large windows, stride 1. The
 * spectra of weights are made in each run: beside images that are much larger than the window, that is little. */
#include <math.h>

#include "op/conv/direct.h"
#include "op/epilogue.h"
#include "op/room.h"

enum { SIDE, ROWS };
static const int32_t sides[] = {16, 32, 64, 0}, rows_a_time[] = {12, 6, 0};
static const oc__tuning space[] = {{"side", sides}, {"rows", rows_a_time}, {NULL, NULL}};

/* A problem in tiles of `side`; apart: floats from a frequency to the next. */
typedef struct fourier {
    oc__conv c;
    int64_t side, frequencies, rows, columns, tiles, c_blocks, k_blocks, x_apart, w_apart, y_apart;
} fourier;

/* The frequencies of a work-item shall not all fall into one set of a cache. */
static int64_t padded(int64_t floats) {
    return floats % 128 ? floats : floats + 32;
}

static fourier numbers(const oc__problem *p, int64_t side) {
    fourier f = {.c = oc__conv_walk(p), .side = side};
    f.frequencies = side * (side / 2 + 1);
    f.rows = (f.c.oh + side - f.c.r) / (side - f.c.r + 1);
    f.columns = (f.c.ow + side - f.c.s) / (side - f.c.s + 1);
    f.tiles = f.c.n * f.rows * f.columns;
    f.c_blocks = (f.c.c + 15) / 16;
    f.k_blocks = (f.c.k + 15) / 16;
    f.x_apart = padded(f.tiles * f.c_blocks * 32);
    f.w_apart = padded(f.c.c * f.k_blocks * 32);
    f.y_apart = padded(f.tiles * f.k_blocks * 32);
    return f;
}

static bool fits(const oc__conv *c, int64_t side) {
    return c->r <= side / 2 + 1 && c->s <= side / 2 + 1;
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    oc__conv c = oc__conv_walk(p);
    if (!oc__conv_for_cpu(p, caps, why))
        return false;
    if (c.stride_h != 1 || c.stride_w != 1 || c.dilation_h != 1 || c.dilation_w != 1 || c.g != 1)
        return oc__refuse(why, "stride 1, no dilation, one group only");
    if (c.r < 4 || c.s < 4 || !fits(&c, 64))
        return oc__refuse(why, "windows from 4 x 4 to 33 x 33 only");
    if (c.n * c.oh * c.ow == 0 || c.n * c.oh * c.ow > INT32_MAX / 2)
        return oc__refuse(why, "no pixels, or more than 32 bits count");
    return true;
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps;
    in[0] = out[0] = oc__layout_blocked(4, 1, 16);
    for (int i = 0; i < p->post.count; i++)
        if (p->post.items[i].kind == OC_POST_RESIDUAL)
            in[p->post.items[i].operand] = out[0];
}

static uint64_t workspace(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    (void)caps;
    fourier f = numbers(p, v->value[SIDE]);
    return (uint64_t)(f.frequencies * (f.x_apart + f.w_apart + f.y_apart)) * sizeof(float);
}

/* Transforms and products at the parts of the peak that they reach, spectra written and read once. */
static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *v) {
    fourier f = numbers(p, v->value[SIDE]);
    if (!fits(&f.c, f.side))
        return INFINITY;
    double one = 80 * (double)f.side * log2((double)f.side); /* of 16 lanes */
    double images = (double)(f.tiles * (f.c_blocks + f.k_blocks) * (f.side + 1)), taps = (double)(f.c.c * f.k_blocks * ((f.c.r + 1) / 2 + f.side / 2 + 1));
    double rows = (double)((f.tiles + v->value[ROWS] - 1) / v->value[ROWS] * v->value[ROWS]);
    double product = (double)f.frequencies * rows * (double)(f.c.c * f.k_blocks) * 128;
    double bytes = 3 * (double)workspace(p, caps, v);
    return 4 * caps->launch_seconds + ((images + taps) * one / 0.25 + product / 0.6) / caps->peak_flops + bytes / caps->peak_bytes;
}

static void variant_of(const oc__problem *p, const oc__caps *caps, oc__variant *out) {
    double least = INFINITY;
    oc__conv c = oc__conv_walk(p);
    *out = (oc__variant){{64, 12}};
    for (const int32_t *side = sides; *side; side++)
        for (const int32_t *rows = rows_a_time; *rows; rows++) {
            oc__variant v = {{*side, *rows}};
            double seconds = fits(&c, *side) ? estimate(p, caps, &v) : INFINITY;
            if (seconds < 0.97 * least) { /* few programs */
                least = seconds;
                *out = v;
            }
        }
}

static void define_tables(const fourier *f, oc__string *text) {
    int n = (int)f->side, bits = 0;
    while (1 << bits < n)
        bits++;
    oc__string_printf(text, "#define N %d\n", n);
    for (int sine = 0; sine < 2; sine++) {
        oc__string_printf(text, "#define %s_TABLE {", sine ? "SIN" : "COS");
        for (int i = 0; i < n / 2; i++) {
            double angle = 2 * acos(-1.0) * i / n;
            oc__string_printf(text, "%s%.9ef", i ? ", " : "", sine ? sin(angle) : cos(angle));
        }
        oc__string_printf(text, "}\n");
    }
    oc__string_printf(text, "#define REVERSED_TABLE {");
    for (int i = 0; i < n; i++) {
        int reversed = 0;
        for (int b = 0; b < bits; b++)
            reversed |= (i >> b & 1) << (bits - 1 - b);
        oc__string_printf(text, "%s%d", i ? ", " : "", reversed);
    }
    oc__string_printf(text, "}\n");
}

/* Where the spectra lie. */
typedef struct spectra {
    oc__place x, w, y;
} spectra;

static void record_transforms(const oc__recording *r, const fourier *f, const char *defines, const spectra *at) {
    const oc__conv *c = &f->c;
    bool back = r->problem->op != &oc__op_conv2d;
    int64_t taps = c->r * c->s;
    oc__step *step = oc__step_kernel(r->steps, "conv2d_fft.cl", defines, "fft_weights");
    oc__step_place(r->steps, step, r->in[1].place, sizeof(float));
    oc__step_place(r->steps, step, at->w, sizeof(float));
    oc__step_i64(r->steps, step, f->w_apart);
    oc__step_i32(r->steps, step, c->k);
    oc__step_i64(r->steps, step, back ? taps : c->c * taps);
    oc__step_i64(r->steps, step, back ? c->k * taps : taps);
    oc__step_range_single(step, (uint64_t)c->c, (uint64_t)f->k_blocks, 1);
    step = oc__step_kernel(r->steps, "conv2d_fft.cl", defines, "fft_input");
    oc__step_place(r->steps, step, r->in[0].place, sizeof(float));
    oc__step_place(r->steps, step, at->x, sizeof(float));
    oc__step_i64(r->steps, step, f->x_apart);
    oc__step_i64(r->steps, step, r->in[0].stride0);
    int64_t values[] = {c->h, c->w, c->pad_h, c->pad_w, f->rows, f->columns};
    for (size_t i = 0; i < OC_COUNT(values); i++)
        oc__step_i32(r->steps, step, values[i]);
    oc__step_range_single(step, (uint64_t)f->c_blocks, (uint64_t)f->tiles, 1);
}

static void record_product(const oc__recording *r, const fourier *f, const char *defines, const spectra *at) {
    int64_t rows = r->variant.value[ROWS];
    oc__step *step = oc__step_kernel(r->steps, "conv2d_fft.cl", defines, "fft_product");
    oc__step_place(r->steps, step, at->x, sizeof(float));
    oc__step_place(r->steps, step, at->w, sizeof(float));
    oc__step_place(r->steps, step, at->y, sizeof(float));
    oc__step_i64(r->steps, step, f->x_apart);
    oc__step_i64(r->steps, step, f->w_apart);
    oc__step_i64(r->steps, step, f->y_apart);
    oc__step_i32(r->steps, step, f->c.c);
    oc__step_i32(r->steps, step, f->tiles);
    oc__step_range_single(step, (uint64_t)((f->tiles + rows - 1) / rows), (uint64_t)f->k_blocks, (uint64_t)f->frequencies);
}

static void record_output(const oc__recording *r, const fourier *f, const char *defines, const spectra *at) {
    const oc__conv *c = &f->c;
    oc__step *step = oc__step_kernel(r->steps, "conv2d_fft.cl", defines, "fft_output");
    oc__step_place(r->steps, step, at->y, sizeof(float));
    oc__step_place(r->steps, step, r->out[0].place, sizeof(float));
    oc__step_i64(r->steps, step, f->y_apart);
    oc__step_i64(r->steps, step, r->out[0].stride0);
    oc__step_i64(r->steps, step, f->k_blocks * 16 * c->oh * c->ow);
    int64_t values[] = {c->k, c->oh, c->ow, f->rows, f->columns};
    for (size_t i = 0; i < OC_COUNT(values); i++)
        oc__step_i32(r->steps, step, values[i]);
    oc__conv_bias(r, step);
    oc__epilogue_args(r, step);
    oc__step_range_single(step, (uint64_t)f->k_blocks, (uint64_t)f->tiles, 1);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    fourier f = numbers(r->problem, r->variant.value[SIDE]);
    spectra at = {r->workspace, r->workspace, r->workspace};
    oc__string text;
    oc__string_init(&text, r->context);
    if (!fits(&f.c, f.side)) {
        oc__string_finish(&text);
        return oc__fail(r->context, err, OC_ERROR_UNSUPPORTED, "the window is larger than half a tile of %d", (int)f.side);
    }
    oc__conv_define(r->problem, r->caps, &text);
    oc__string_printf(&text, "#define R %d\n#define S %d\n#define M %d\n%s", (int)f.c.r, (int)f.c.s, r->variant.value[ROWS],
                      r->problem->op == &oc__op_conv2d ? "" : "#define TURNED\n");
    define_tables(&f, &text);
    at.w.offset += (uint64_t)(f.frequencies * f.x_apart) * sizeof(float);
    at.y.offset = at.w.offset + (uint64_t)(f.frequencies * f.w_apart) * sizeof(float);
    record_transforms(r, &f, text.text, &at);
    record_product(r, &f, text.text, &at);
    record_output(r, &f, text.text, &at);
    return oc__record_end(r, &text, err);
}

#define FFT(op) {.name = #op ".fft", .flags = OC_SOLVER_LONE | OC_SOLVER_INEXACT | OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT, .applicable = applicable, \
                 .layouts = layouts, .space = space, .variant = variant_of, .workspace = workspace, .estimate = estimate, .record = record}
const oc__solver oc__conv2d_fft = FFT(conv2d), oc__conv2d_bwd_data_fft = FFT(conv2d_bwd_data);
