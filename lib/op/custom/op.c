/* SPDX-License-Identifier: Apache-2.0 */
/* An own op as the library sees it: the caller's functions, shown what they may see, and what they give looked at. */
#include <string.h>

#include "op/custom/custom.h"

static void show(const oc__desc *descs, int count, oc_operand_desc *out) {
    for (int i = 0; i < count; i++)
        out[i] = (oc_operand_desc){descs[i].dtype, descs[i].shape};
}

void oc__custom_view_init(oc__custom_view *view, const oc__problem *p) {
    const oc_custom *custom = oc__custom_of(p->op);
    show(p->in, p->op_in, view->in);
    show(p->out, p->out_count, view->out);
    view->problem = (oc_custom_problem){
        p->op->params_size ? p->params : NULL, (size_t)p->op_in, view->in, (size_t)p->out_count, view->out, custom->given.user};
}

/* What a callback says of its failure, or what can be said for it. */
static const char *reason_of(const oc_error *said, const char *what, char text[200]) {
    if (said->text[0])
        return said->text;
    oc__format(text, 200, "its %s does not say why (%s)", what, oc_status_name(said->status));
    return text;
}

static oc_status check_output(const oc__inference *inference, const oc_operand_desc *given, int i, oc_error *err) {
    int64_t symbols = inference->symbols ? (int64_t)inference->symbols->count : 0;
    bool fits =
        given->dtype > OC_DTYPE_NONE && given->dtype < OC_DTYPE_END && given->shape.rank >= 0 && given->shape.rank <= OC_MAX_RANK;
    for (int k = 0; fits && k < given->shape.rank; k++)
        fits = given->shape.dims[k] >= -symbols;
    return fits ? OC_OK : oc__infer_fail(inference, err, "its shape rule gives output %d no type and shape that there are", i);
}

static oc_status infer_by_rule(oc__inference *inference, const oc_custom *custom, oc_error *err) {
    oc_operand_desc in[OC_CUSTOM_OPERANDS], out[OC_CUSTOM_OUTPUTS] = {{OC_DTYPE_NONE, {0, {0}}}};
    oc_error said = {0};
    char text[200];
    show(inference->in, inference->in_count, in);
    oc_custom_shapes shapes = {custom->op.params_size ? inference->params : NULL,
                               (size_t)inference->in_count,
                               in,
                               (size_t)inference->out_count,
                               out,
                               custom->given.user,
                               inference->symbols};
    said.status = custom->given.shapes(&shapes, &said);
    if (said.status != OC_OK) {
        oc_status status = said.status;
        (void)!oc__infer_fail(inference, err, "%s", reason_of(&said, "shape rule", text));
        if (err)
            err->status = status;
        return status;
    }
    for (int i = 0; i < inference->out_count; i++) {
        OC_TRY(check_output(inference, &out[i], i, err));
        inference->out[i] = oc__desc_plain(out[i].dtype, &out[i].shape);
    }
    return OC_OK;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc_custom *custom = oc__custom_of(inference->op);
    if (custom->given.shapes)
        return infer_by_rule(inference, custom, err);
    if (!inference->in_count || !inference->in[0].dtype)
        return oc__infer_fail(inference, err, "without a shape rule, its outputs are like operand 0, which is left out");
    for (int i = 0; i < inference->out_count; i++)
        inference->out[i] = oc__desc_plain(inference->in[0].dtype, &inference->in[0].shape);
    return OC_OK;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    const oc_custom *custom = oc__custom_of(problem->op);
    oc__custom_view view;
    oc_error said = {0};
    char text[200];
    oc__custom_view_init(&view, problem);
    said.status = custom->given.host(&view.problem, in, out, &said);
    return said.status == OC_OK
               ? OC_OK
               : oc__fail(context, err, said.status, "%s: %s", custom->op.name, reason_of(&said, "definition", text));
}

static oc_status check_diff(const oc__gradient *g, int i, oc_error *err) {
    const oc_value *diff = g->diff_in[i], *in = g->node->in[i];
    if (!diff)
        return OC_OK;
    bool fits = in && diff->graph == g->graph && diff->dtype == in->dtype && oc_shape_equal(&diff->shape, &in->shape);
    if (!fits)
        oc__graph_fail(g->graph, err, OC_ERROR_SHAPE,
                       "%s: the gradient it gives for operand %d has not the operand's type and shape", g->node->op->name, i);
    return fits ? OC_OK : OC_ERROR_SHAPE;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    const oc_node *node = g->node;
    const oc_custom *custom = oc__custom_of(node->op);
    oc_error said = {0};
    char text[200];
    oc_custom_gradient shown = {g->graph,
                                node->op->params_size ? node->params : NULL,
                                (size_t)node->op_in,
                                node->in,
                                (size_t)node->out_count,
                                node->out,
                                g->diff_out,
                                g->diff_in,
                                g->wanted,
                                custom->given.user};
    said.status = custom->given.gradient(&shown, &said);
    if (said.status == OC_OK && g->graph->error.status != OC_OK)
        said = g->graph->error; /* a value it made is NULL */
    if (said.status != OC_OK) {
        oc_status status = said.status;
        oc__graph_fail(g->graph, err, status, "%s: its gradient: %s", node->op->name, reason_of(&said, "gradient", text));
        return status;
    }
    for (int i = 0; i < node->op_in; i++)
        OC_TRY(check_diff(g, i, err));
    return OC_OK;
}

static oc__cost cost(const oc__problem *problem) {
    double flops = oc__custom_of(problem->op)->given.flops;
    return oc__cost_of_flops(problem, flops > 0 ? flops : 1);
}

void oc__custom_make_op(oc_custom *custom) {
    const oc_custom_params *p = &custom->given;
    oc__op *op = &custom->op;
    op->name = p->name;
    op->in_min = (int)(p->in_min || p->in_max ? p->in_min : 1);
    op->in_max = (int)OC_MAX(p->in_max, (size_t)op->in_min);
    op->out_count = (int)OC_MAX(p->out_count, (size_t)1);
    op->flags = p->exact ? OC_OP_EXACT : 0;
    op->params_size = p->params_size;
    op->infer = infer;
    op->gradient = p->gradient ? gradient : NULL;
    op->host = p->host ? host : NULL;
    op->cost = cost;
    op->batch.axis = p->batched ? 0 : -1;
    op->batch.why = p->unbatched ? p->unbatched : "nobody says that the rows of its batch are independent";
    op->solvers = custom->solvers;
    op->key = custom->key;
}

int64_t oc_custom_dim_add(const oc_custom_shapes *shapes, int64_t a, int64_t b) {
    return oc__dim_add(shapes->symbols, a, b);
}

int64_t oc_custom_dim_ratio(const oc_custom_shapes *shapes, int64_t a, int64_t b, int64_t c) {
    int64_t out;
    return oc__dim_ratio(shapes->symbols, (int64_t[]){a, b}, 2, &c, 1, &out) ? out : -1;
}

int64_t oc_custom_dim_window(const oc_custom_shapes *shapes, int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                             int64_t padding) {
    return oc__dim_window(shapes->symbols, size, kernel, stride, dilation, padding, 0, false);
}
