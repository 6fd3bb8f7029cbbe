/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions in stages of a fixed order: pieces of rows first, columns of what they gave then. The axes that stay are neighbours:
 * x is seen as (outer, middle, inner), plain or with channels in blocks, and becomes (middle). */
#include "op/reduce/reduce.h"

#define PIECE 16384 /* elements of a row that become one partial result */
#define HEIGHT 256  /* elements of a column that do */
#define WIDTH 64    /* columns that a work-item takes */
#define CHUNK 8192  /* elements a work-item takes of short rows, about */

typedef struct form {
    oc__reduction reduction;
    int from, to; /* the axes that stay */
    int64_t outer, middle, inner;
    int block; /* 1: plain */
} form;

static bool form_of(const oc__problem *problem, const oc__layout *layout, form *f) {
    const oc_shape *x = &problem->in[0].shape;
    oc__reduction_of(problem, &f->reduction);
    f->from = x->rank;
    f->to = 0;
    for (int i = 0; i < x->rank; i++) {
        if (!f->reduction.gone[i] && x->dims[i] != 1) {
            f->from = OC_MIN(f->from, i);
            f->to = i + 1;
        }
    }
    if (f->from > f->to) /* nothing stays: one long row */
        f->from = f->to = 0;
    for (int i = f->from; i < f->to; i++)
        if (f->reduction.gone[i] && x->dims[i] != 1)
            return false;
    f->outer = oc__dims_product(x, 0, f->from);
    f->middle = oc__dims_product(x, f->from, f->to);
    f->inner = oc__dims_product(x, f->to, x->rank);
    f->block = oc__channel_block(layout);
    return true;
}

/* Channels in blocks: they stay, alone or with the batch. */
static bool blocks_fit(const form *f, int rank) {
    return (f->block == 8 || f->block == 16) && rank > 2 && f->to == 2 && f->from <= 1;
}

static void layouts(const oc__problem *problem, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps, (void)out;
    form f;
    if (form_of(problem, &problem->in[0].layout, &f) && blocks_fit(&f, problem->in[0].shape.rank))
        in[0] = problem->in[0].layout;
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    form f;
    if (!oc__is_float(problem->in[0].dtype))
        return oc__refuse(why, "it is for floating-point values");
    if (!form_of(problem, &problem->in[0].layout, &f))
        return oc__refuse(why, "the axes that stay are no neighbours");
    if (f.reduction.count == 0)
        return oc__refuse(why, "there is nothing to reduce");
    if (f.reduction.kind > OC_REDUCE_MAX)
        return oc__refuse(why, "it is for sums, means and maxima");
    return oc__for_cpu(problem, caps, why);
}

static double estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.3, 0.8);
}

static int64_t pieces_of(int64_t size, int64_t piece) {
    return (size + piece - 1) / piece;
}

/* The number of partial results that stage one leaves for each element, 0 if there is no stage one. */
static int64_t partials_of(const form *f) {
    if (f->block > 1)
        return (f->from == 1 ? f->outer : 1) * pieces_of(f->inner * f->block, PIECE);
    return f->inner > 1 ? f->outer * pieces_of(f->inner, PIECE) : 0;
}

/* Columns of (height, width), to be cut to (left, width). */
typedef struct columns {
    int64_t height, width, left, fold;
} columns;

/* Few columns lie one row behind another as if they were more: fold rows become one. */
static columns first_columns(const form *f, int64_t height) {
    columns c = {.height = height, .width = f->middle, .fold = 1};
    while (height > HEIGHT && c.width < WIDTH && c.height % 2 == 0) {
        c.height /= 2;
        c.width *= 2;
        c.fold *= 2;
    }
    c.left = pieces_of(c.height, HEIGHT);
    return c;
}

/* The stage after this one; false: there is none. */
static bool next_columns(columns *c) {
    c->height = c->left;
    if (c->height == 1) {
        c->height = c->fold;
        c->width /= c->fold;
        c->fold = 1;
    }
    c->left = pieces_of(c->height, HEIGHT);
    return c->height > 1;
}

static bool is_last(const columns *c) {
    return c->left == 1 && c->fold == 1;
}

static uint64_t workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)caps, (void)variant;
    form f;
    form_of(problem, &problem->in[0].layout, &f);
    int64_t height = partials_of(&f), total = height > 1 ? height * f.middle : 0;
    if (height == 1)
        return 0;
    columns c = first_columns(&f, height ? height : f.outer);
    do
        total += is_last(&c) ? 0 : c.left * c.width;
    while (next_columns(&c));
    return (uint64_t)total * sizeof(float);
}

/* Recording: where the stage to come reads, and how much of the workspace is used. */
typedef struct stages {
    const oc__recording *recording;
    const form *f;
    oc__place src;
    oc_dtype src_type;
    uint64_t used;
} stages;

/* Where a stage writes `count` results: the output, if it is the last one. */
static oc__place target(stages *s, bool last, int64_t count) {
    oc__place place = s->recording->out[0].place;
    if (!last) {
        place = s->recording->workspace;
        place.offset += s->used;
        s->used += (uint64_t)count * sizeof(float);
    }
    return place;
}

static oc__step *add_stage(stages *s, const char *kernel, bool last, int vec, oc__place dst) {
    oc__steps *steps = s->recording->steps;
    oc_dtype dst_type = last ? s->recording->problem->out[0].dtype : OC_F32;
    oc__string defines;
    oc__string_init(&defines, s->recording->context);
    oc__string_printf(&defines, "#define SRC %s\n#define DST %s\n#define VEC %d\n%s", oc_dtype_name(s->src_type),
                      oc_dtype_name(dst_type), vec, s->f->reduction.kind == OC_REDUCE_MAX ? "#define MAX\n" : "");
    oc__step *step = oc__step_kernel(steps, "reduce_staged.cl", defines.text, kernel);
    steps->failed = steps->failed || defines.failed;
    oc__string_finish(&defines);
    oc__step_place(steps, step, s->src, oc_dtype_size(s->src_type));
    oc__step_place(steps, step, dst, oc_dtype_size(dst_type));
    oc__step_f32(steps, step, last && s->f->reduction.kind == OC_REDUCE_MEAN ? (float)s->f->reduction.count : 1);
    s->src = dst;
    s->src_type = dst_type;
    return step;
}

/* Pieces of rows: (outer, middle, inner) to (outer * pieces, middle). */
static void add_rows(stages *s) {
    const form *f = s->f;
    oc__steps *steps = s->recording->steps;
    int64_t pieces = pieces_of(f->inner, PIECE), rows = f->outer * f->middle, together = OC_MAX(CHUNK / f->inner, 1);
    bool last = f->outer * pieces == 1;
    oc__step *step = add_stage(s, "reduce_rows", last, 16, target(s, last, rows * pieces));
    int64_t args[] = {rows, f->inner, f->middle, pieces, PIECE, together};
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(steps, step, args[i]);
    oc__step_range_single(step, (uint64_t)pieces, (uint64_t)pieces_of(rows, together), 1);
}

/* The same of blocks of channels. */
static void add_blocks(stages *s) {
    const form *f = s->f;
    oc__steps *steps = s->recording->steps;
    const oc_shape *x = &s->recording->problem->in[0].shape;
    int64_t batch = x->dims[0], channels = x->dims[1], blocks = pieces_of(channels, f->block), piece = PIECE / f->block,
            pieces = pieces_of(f->inner, piece), partials = partials_of(f);
    bool last = partials == 1;
    oc__step *step = add_stage(s, "reduce_blocks", last, f->block, target(s, last, partials * f->middle));
    /* A partial result of image n and piece p is row n * by_image + p * by_piece of channels. */
    int64_t by_image = f->from == 1 ? pieces : 1, by_piece = f->from == 1 ? 1 : batch;
    int64_t args[] = {blocks, channels, f->inner, piece, by_image, by_piece};
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(steps, step, args[i]);
    oc__step_range_single(step, (uint64_t)pieces, (uint64_t)(batch * blocks), 1);
}

static void add_columns(stages *s, const columns *c) {
    oc__steps *steps = s->recording->steps;
    bool last = is_last(c);
    oc__step *step = add_stage(s, "reduce_columns", last, 16, target(s, last, c->left * c->width));
    int64_t args[] = {c->height, c->width, HEIGHT};
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(steps, step, args[i]);
    oc__step_range_single(step, (uint64_t)pieces_of(c->width, WIDTH), (uint64_t)c->left, 1);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    form f;
    const oc__desc *x = &recording->problem->in[0];
    form_of(recording->problem, &x->layout, &f);
    if (f.middle == 0)
        return OC_OK;
    stages s = {.recording = recording, .f = &f, .src = recording->in[0].place, .src_type = x->dtype};
    int64_t height = partials_of(&f);
    if (f.block > 1)
        add_blocks(&s);
    else if (height)
        add_rows(&s);
    if (height != 1) {
        columns c = first_columns(&f, height ? height : f.outer);
        do
            add_columns(&s, &c);
        while (next_columns(&c));
    }
    return oc__steps_check(recording->steps, err);
}

const oc__solver oc__reduce_staged = {.name = "reduce.staged", .flags = OC_SOLVER_LONE, .applicable = applicable, .layouts = layouts,
                                      .workspace = workspace, .estimate = estimate, .record = record};
