/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products in ONNX: MatMul, Gemm. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/matmul.h>

#include "op/matmul/matmul.h"

static oc_value *scaled(const oc__onnx_reading *reading, oc_value *value, double factor, oc_error *err) {
    if (factor == 1 || value == NULL)
        return value;
    return oc_mul(reading->graph, value, oc_graph_scalar(reading->graph, value->dtype, factor, err), err);
}

/* alpha * A * B + beta * C, C being broadcast: a fully connected layer as a rule. */
static oc_status read_gemm(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc_matmul_params *params = memory;
    oc_graph *graph = reading->graph;
    oc_value *a = reading->in[0], *b = reading->in[1], *c = oc__onnx_has_in(reading, 2) ? reading->in[2] : NULL;
    double alpha = oc__onnx_attr_float(reading->node, "alpha", 1), beta = oc__onnx_attr_float(reading->node, "beta", 1);
    if (a->shape.rank != 2 || b->shape.rank != 2)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "A and B must be matrices");
    bool bias = c != NULL && c->shape.rank == 1 && c->shape.dims[0] == b->shape.dims[params->trans_b ? 0 : 1];
    if (bias && alpha == 1 && beta == 1)
        return oc__onnx_give(reading, oc_linear(graph, a, b, c, params, err), err);
    oc_value *product = scaled(reading, oc_matmul(graph, a, b, params, err), alpha, err);
    if (c != NULL && beta != 0)
        product = oc_add(graph, product, scaled(reading, c, beta, err), err);
    return oc__onnx_give(reading, product, err);
}

static oc_status read_matmul(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    (void)memory;
    return oc__onnx_give(reading, oc_matmul(reading->graph, reading->in[0], reading->in[1], NULL, err), err);
}

/* The name of a matrix (of any rank) with its last two axes exchanged. */
static const char *transposed(oc__onnx_writing *writing, int operand, bool wanted) {
    if (!wanted)
        return writing->in[operand];
    int64_t perm[OC_MAX_RANK];
    int rank = writing->source->in[operand]->shape.rank;
    for (int i = 0; i < rank; i++)
        perm[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
    const char *name = oc__onnx_fresh(writing);
    oc__onnx_node *node = oc__onnx_emit(writing, "Transpose");
    oc__onnx_emit_in(writing, node, writing->in[operand]);
    oc__onnx_emit_out(writing, node, name);
    oc__onnx_emit_ints(writing, node, "perm", perm, rank);
    return name;
}

static void write_gemm(oc__onnx_writing *writing, const oc_matmul_params *params, bool bias) {
    oc__onnx_node *node = oc__onnx_emit(writing, "Gemm");
    for (int i = 0; i < (bias ? 3 : 2); i++)
        oc__onnx_emit_in(writing, node, writing->in[i]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (params->trans_a)
        oc__onnx_emit_int(writing, node, "transA", 1);
    if (params->trans_b)
        oc__onnx_emit_int(writing, node, "transB", 1);
}

static oc_status write_matmul(oc__onnx_writing *writing, oc_error *err) {
    static const oc_matmul_params none;
    const oc_node *source = writing->source;
    const oc_matmul_params *params = source->params == NULL ? &none : source->params;
    bool bias = source->in_count > 2 && source->in[2] != NULL, plain = !params->trans_a && !params->trans_b && !bias;
    (void)err;
    if (!plain && source->in[0]->shape.rank == 2 && source->in[1]->shape.rank == 2) {
        write_gemm(writing, params, bias);
        return OC_OK;
    }
    const char *a = transposed(writing, 0, params->trans_a && source->in[0]->shape.rank > 1);
    const char *b = transposed(writing, 1, params->trans_b && source->in[1]->shape.rank > 1);
    const char *product = bias ? oc__onnx_fresh(writing) : writing->out[0];
    oc__onnx_node *node = oc__onnx_emit(writing, "MatMul");
    oc__onnx_emit_in(writing, node, a);
    oc__onnx_emit_in(writing, node, b);
    oc__onnx_emit_out(writing, node, product);
    if (!bias)
        return OC_OK;
    node = oc__onnx_emit(writing, "Add");
    oc__onnx_emit_in(writing, node, product);
    oc__onnx_emit_in(writing, node, writing->in[2]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    return OC_OK;
}

static const oc__onnx_attr_rule gemm_attrs[] = {OC_ONNX_ATTR_BOOL("transA", oc_matmul_params, trans_a, 0),
                                                OC_ONNX_ATTR_BOOL("transB", oc_matmul_params, trans_b, 0),
                                                OC_ONNX_ATTR_HOOK("alpha"),
                                                OC_ONNX_ATTR_HOOK("beta"),
                                                OC_ONNX_ATTR_HOOK("broadcast"),
                                                {NULL}};

const oc__onnx_rule oc__matmul_onnx[] = {
    {.type = "MatMul", .op = "matmul", .since = 1, .in_min = 2, .in_max = 2, .out_max = 1, .floats = true,
     .read = read_matmul, .write = write_matmul},
    {.type = "Gemm", .op = "matmul", .since = 1, .in_min = 2, .in_max = 3, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .floats = true, .attrs = gemm_attrs, .read = read_gemm},
    {NULL}};
