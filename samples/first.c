/* SPDX-License-Identifier: Apache-2.0 */
#include <ocelli/ocelli.h>
#include <stdio.h>
#define TRY(call) if ((call) != OC_OK) return fprintf(stderr, "%s\n", err.text), 1

int main(void) {
    oc_error err = {0};
    oc_context *context;
    oc_device *device;
    oc_graph *graph;
    TRY(oc_context_create(&context, NULL, &err));
    TRY(oc_device_create(&device, context, "auto", &err)); /* or "gpu", "cpu:1", part of a name */
    TRY(oc_graph_create(&graph, context, &err));
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 1, 28, 28), &err);
    TRY(oc_graph_output(graph, "y", oc_softmax(graph, oc_net_lenet5(graph, x, &err), 1, &err), &err));

    oc_plan *plan;
    oc_exec *exec;
    TRY(oc_plan_create(&plan, graph, &device, 1, &(oc_plan_params){.dims = &(oc_dim_binding){"N", 2}, .dim_count = 1}, &err));
    TRY(oc_exec_create(&exec, plan, NULL, &err)); /* with weights of its own, random ones */
    float images[2 * 28 * 28] = {1}, classes[2 * 10];
    oc_binding in = {.name = "x"}, out = {.name = "y"};
    TRY(oc_tensor_wrap(&in.tensor, context, OC_F32, &OC_SHAPE(2, 1, 28, 28), images, &err));
    TRY(oc_tensor_wrap(&out.tensor, context, OC_F32, &OC_SHAPE(2, 10), classes, &err));
    TRY(oc_exec_run(exec, &in, 1, &out, 1, &err));
    for (int i = 0; i < 20; i++)
        printf("%.3f%c", classes[i], i % 10 == 9 ? '\n' : ' ');
    oc_tensor_destroy(&in.tensor), oc_tensor_destroy(&out.tensor), oc_exec_destroy(&exec), oc_plan_destroy(&plan);
    oc_graph_destroy(&graph), oc_device_destroy(&device), oc_context_destroy(&context);
}
