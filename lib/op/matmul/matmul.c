/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix product room: op, shape rule, gradient, graph functions. */
#include "op/matmul/matmul.h"

#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>
#include <stdio.h>
#include <string.h>

#include "op/epilogue.h"
#include "op/room.h"

static const oc__field fields[] = {OC_FIELD(OC_FIELD_BOOL, oc_matmul_params, trans_a),
                                   OC_FIELD(OC_FIELD_BOOL, oc_matmul_params, trans_b), {0}};

static int64_t product(const int64_t *dims, int count) {
    int64_t result = 1;
    for (int i = 0; i < count; i++)
        result *= dims[i];
    return result;
}

oc__matmul oc__matmul_of(const oc__problem *p) {
    const oc_matmul_params *q = p->params;
    const oc_shape *a = &p->in[0].shape, *b = &p->in[1].shape, *c = &p->out[0].shape;
    oc__matmul x = {.ta = q->trans_a, .tb = q->trans_b, .m = c->dims[c->rank - 2], .n = c->dims[c->rank - 1],
                    .k = a->dims[a->rank - (q->trans_a ? 2 : 1)], .batch = product(c->dims, c->rank - 2)};
    int64_t as = product(a->dims, a->rank - 2), bs = product(b->dims, b->rank - 2);
    x.a_batch = as == 1 ? 0 : x.m * x.k;
    x.b_batch = bs == 1 ? 0 : x.k * x.n;
    x.uniform = (as == 1 || as == x.batch) && (bs == 1 || bs == x.batch);
    x.bias = p->op_in > 2 && p->in[2].dtype;
    if (!x.ta && bs == 1 && x.uniform) {
        x.m *= x.batch; /* one tall product */
        x.batch = 1;
        x.a_batch = 0;
    }
    return x;
}

bool oc__matmul_plain(const oc__problem *p, char why[OC_WHY]) {
    oc__matmul x = oc__matmul_of(p);
    if (!oc__posts_f32(p, why))
        return false;
    if (!x.uniform)
        return oc__refuse(why, "mixed broadcasting of batch axes");
    if (x.m * x.n == 0 || x.k == 0 || x.batch == 0)
        return oc__refuse(why, "an empty product");
    return true;
}

static oc_status infer(oc__inference *x, oc_error *err) {
    const oc_matmul_params *q = x->params;
    const oc_shape *a = &x->in[0].shape, *b = &x->in[1].shape;
    if (a->rank < 2 || b->rank < 2)
        return oc__infer_fail(x, err, "both operands must have at least two axes");
    if (!oc__weights_fit(x->in[0].dtype, x->in[1].dtype))
        return oc__infer_fail(x, err, "the operands must be of one floating-point type, or f32 and weights of f16");
    int64_t m = a->dims[a->rank - (q->trans_a ? 1 : 2)], ka = a->dims[a->rank - (q->trans_a ? 2 : 1)];
    int64_t n = b->dims[b->rank - (q->trans_b ? 2 : 1)], kb = b->dims[b->rank - (q->trans_b ? 1 : 2)];
    if (ka != kb && ka >= 0 && kb >= 0)
        return oc__infer_fail(x, err, "the inner sizes %lld and %lld differ", (long long)ka, (long long)kb);
    oc_shape as = {a->rank - 2, {0}}, bs = {b->rank - 2, {0}}, out;
    memcpy(as.dims, a->dims, sizeof(int64_t) * (size_t)as.rank);
    memcpy(bs.dims, b->dims, sizeof(int64_t) * (size_t)bs.rank);
    OC_TRY(oc__infer_broadcast(x, &as, &bs, &out, err));
    out.dims[out.rank++] = m;
    out.dims[out.rank++] = n;
    if (x->in_count > 2 && x->in[2].dtype &&
        (x->in[2].shape.rank != 1 || x->in[2].shape.dims[0] != n || x->in[2].dtype != x->in[0].dtype))
        return oc__infer_fail(x, err, "the bias must have one element for each of %lld columns", (long long)n);
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = out};
    return OC_OK;
}

static oc_value *times(oc_graph *graph, oc_value *a, oc_value *b, bool ta, bool tb, oc_value *like, oc_error *err) {
    oc_matmul_params p = {ta, tb};
    oc_value *x = oc__graph_node1(graph, &oc__op_matmul, &p, (oc_value *[]){a, b}, 2, err);
    return x && !oc_shape_equal(&x->shape, &like->shape) ? oc_sum_to_like(graph, x, like, err) : x;
}

/* The weights of a linear layer applied to (…, M, K): a 2-D product over all rows instead of a batch of products to be summed. */
static oc_value *rows_of(oc_graph *graph, oc_value *x, oc_error *err) {
    int64_t last = x->shape.dims[x->shape.rank - 1];
    if (x->shape.rank == 2)
        return x;
    return last == 0 ? oc_flatten(graph, x, x->shape.rank - 1, err) : oc_reshape(graph, x, &OC_SHAPE(-1, last), err);
}

static oc_status gradient(oc__gradient *x, oc_error *err) {
    const oc_matmul_params *q = x->node->params;
    oc_value *a = x->node->in[0], *b = x->node->in[1], *d = x->diff_out[0];
    oc_graph *g = x->graph;
    if (x->wanted[0])
        x->diff_in[0] = q->trans_a ? times(g, b, d, q->trans_b, true, a, err) : times(g, d, b, false, !q->trans_b, a, err);
    if (x->wanted[1]) {
        bool flat = b->shape.rank == 2 && a->shape.rank > 2 && !q->trans_a && a->shape.dims[a->shape.rank - 1] >= 0;
        oc_value *af = flat ? rows_of(g, a, err) : a, *df = flat ? rows_of(g, d, err) : d;
        if (af && df)
            x->diff_in[1] = q->trans_b ? times(g, df, af, true, q->trans_a, b, err) : times(g, af, df, !q->trans_a, false, b, err);
    }
    if (x->node->op_in > 2 && x->node->in[2] && x->wanted[2])
        x->diff_in[2] = oc_sum_to_like(g, d, x->node->in[2], err);
    return g->error.status;
}

static oc__cost cost(const oc__problem *p) {
    oc__matmul x = oc__matmul_of(p);
    return (oc__cost){.flops = 2.0 * (double)x.batch * (double)x.m * (double)x.n * (double)x.k};
}

/* The offset of each batch of an operand, by broadcasting the leading axes. */
static int64_t batch_offset(const oc_shape *shape, const oc_shape *out, int64_t batch) {
    int64_t offset = 0, stride = shape->dims[shape->rank - 1] * shape->dims[shape->rank - 2];
    for (int i = out->rank - 3, j = shape->rank - 3; i >= 0; i--, j--) {
        int64_t index = batch % out->dims[i];
        batch /= out->dims[i];
        if (j >= 0 && shape->dims[j] != 1)
            offset += index * stride;
        stride *= j >= 0 ? shape->dims[j] : 1;
    }
    return offset;
}

static oc_status host(oc_context *context, const oc__problem *p, const double *const *in, double *const *out, oc_error *err) {
    (void)context, (void)err;
    const oc_matmul_params *q = p->params;
    const oc_shape *c = &p->out[0].shape;
    int64_t m = c->dims[c->rank - 2], n = c->dims[c->rank - 1], batches = product(c->dims, c->rank - 2);
    int64_t k = p->in[0].shape.dims[p->in[0].shape.rank - (q->trans_a ? 2 : 1)];
    bool bias = p->op_in > 2 && p->in[2].dtype;
    for (int64_t z = 0; z < batches; z++) {
        const double *a = in[0] + batch_offset(&p->in[0].shape, c, z), *b = in[1] + batch_offset(&p->in[1].shape, c, z);
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = bias ? in[2][j] : 0;
                for (int64_t t = 0; t < k; t++)
                    sum += a[q->trans_a ? t * m + i : i * k + t] * b[q->trans_b ? j * k + t : t * n + j];
                out[0][(z * m + i) * n + j] = sum;
            }
    }
    oc__epilogue_host(p, in, out[0]);
    return OC_OK;
}

static bool print(const oc__problem *p, oc__string *out) {
    if (p->in[0].shape.rank != 2 || p->in[1].shape.rank != 2)
        return false;
    oc__matmul x = oc__matmul_of(p);
    oc__string_printf(out, "m%lldn%lldk%lld%s%s%s", (long long)x.m, (long long)x.n, (long long)x.k, x.ta ? "ta" : "",
                      x.tb ? "tb" : "", x.bias ? "b" : "");
    return true;
}

static bool parse(oc__arena *arena, const char *body, oc__problem *p, char why[OC_WHY]) {
    oc_matmul_params *q = (void *)p->params;
    int64_t v[3];
    for (int i = 0; i < 3; i++) {
        if (*body != "mnk"[i] || !oc__parse_int64(body + 1, &body, &v[i]) || v[i] < 0) {
            snprintf(why, OC_WHY, "it should be m, n and k, each with a number, then ta, tb, b as needed");
            return false;
        }
    }
    q->trans_a = !strncmp(body, "ta", 2);
    body += q->trans_a ? 2 : 0;
    q->trans_b = !strncmp(body, "tb", 2);
    body += q->trans_b ? 2 : 0;
    bool bias = *body == 'b';
    p->in = oc__arena_alloc(arena, 12 * sizeof(*p->in));
    if (!p->in || body[bias])
        return false;
    p->in[0] = oc__desc_plain(OC_F32, q->trans_a ? &OC_SHAPE(v[2], v[0]) : &OC_SHAPE(v[0], v[2]));
    p->in[1] = oc__desc_plain(OC_F32, q->trans_b ? &OC_SHAPE(v[1], v[2]) : &OC_SHAPE(v[2], v[1]));
    p->in[2] = oc__desc_plain(OC_F32, &OC_SHAPE(v[1]));
    p->in_count = bias ? 3 : 2;
    return true;
}

/* A vector operand gets an axis for the product, which is then taken away again. */
static oc_value *without_axis(oc_graph *graph, oc_value *x, int back, oc_error *err) {
    oc_shape shape = {.rank = x->shape.rank - 1};
    for (int i = 0, j = 0; i < x->shape.rank; i++)
        if (i != x->shape.rank - back)
            shape.dims[j++] = x->shape.dims[i];
    return oc_reshape(graph, x, &shape, err);
}

oc_value *oc_matmul(oc_graph *graph, oc_value *a, oc_value *b, const oc_matmul_params *params, oc_error *err) {
    bool row = a && a->shape.rank == 1, column = b && b->shape.rank == 1;
    oc_matmul_params p = params ? *params : (oc_matmul_params){0};
    if (!oc__graph_one_type(graph, &oc__op_matmul, a, b, err))
        return NULL;
    if (row) {
        p.trans_a = false;
        a = oc_reshape(graph, a, &OC_SHAPE(1, a->shape.dims[0]), err);
    }
    if (column) {
        p.trans_b = false;
        b = oc_reshape(graph, b, &OC_SHAPE(b->shape.dims[0], 1), err);
    }
    oc_value *x = oc__graph_node1(graph, &oc__op_matmul, &p, (oc_value *[]){a, b}, 2, err);
    if (x && column)
        x = without_axis(graph, x, 1, err);
    if (x && row)
        x = without_axis(graph, x, column ? 1 : 2, err);
    return x;
}

oc_value *oc_linear(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *bias, const oc_matmul_params *params,
                    oc_error *err) {
    if (!oc__graph_one_type(graph, &oc__op_matmul, src, weights, err))
        return NULL;
    return oc__graph_node1(graph, &oc__op_matmul, params, (oc_value *[]){src, weights, bias}, bias ? 3 : 2, err);
}

static const oc__solver *const solvers[] = {&oc__matmul_packed, &oc__matmul_tiled, &oc__matmul_vector, &oc__matmul_local, &oc__matmul_subgroup, &oc__matmul_clblast, &oc__matmul_ref, NULL};

const oc__op oc__op_matmul = {
    .name = "matmul", .in_min = 2, .in_max = 3, .out_count = 1, .flags = OC_OP_EXACT, .params_size = sizeof(oc_matmul_params),
    .fields = fields, .infer = infer, .gradient = gradient, .cost = cost, .batch = OC_BATCH_AXIS0, .host = host,
    .shrink = oc__matmul_shrink, .solvers = solvers, .bias_last = true, .print = print, .parse = parse, .onnx = oc__matmul_onnx};
