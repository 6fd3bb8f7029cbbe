/* SPDX-License-Identifier: Apache-2.0 */
/* Training without a trainer: a perceptron learns the exclusive or; loss, gradients and update are one graph. */
#include <ocelli/ocelli.h>
#include <stdio.h>
#include <stdlib.h>

static oc_error err;

static void check(oc_status status) {
    if (status == OC_OK)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static oc_graph *make_graph(oc_context *context, const oc_optimizer *optimizer) {
    const int64_t sizes[] = {2, 16, 2};
    oc_graph *graph;
    check(oc_graph_create(&graph, context, &err));
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(4, 2), &err);
    oc_value *labels = oc_graph_input(graph, "labels", OC_I64, &OC_SHAPE(4), &err);
    oc_value *logits = oc_net_mlp(graph, x, sizes, 3, &err);
    oc_value *losses = oc_softmax_cross_entropy(graph, logits, labels, &err);
    oc_value *loss = oc_reduce_mean(graph, losses, NULL, &err);
    check(oc_graph_output(graph, "loss", loss, &err));
    check(oc_graph_output(graph, "logits", logits, &err));
    check(oc_minimize(graph, loss, optimizer, NULL, &err));
    return graph;
}

int main(void) {
    const oc_optimizer adam = {.kind = OC_ADAM, .lr = 0.02f};
    float x[8] = {0, 0, 0, 1, 1, 0, 1, 1}, hyper[OC_HYPER_COUNT], loss, logits[8];
    int64_t labels[4] = {0, 1, 1, 0};
    oc_context *context;
    oc_device *device;
    oc_plan *plan;
    oc_state *state;
    oc_exec *exec;
    check(oc_context_create(&context, NULL, &err));
    check(oc_device_create(&device, context, NULL, &err));
    oc_graph *graph = make_graph(context, &adam);
    check(oc_plan_create(&plan, graph, &device, 1, NULL, &err));
    check(oc_state_create(&state, device, graph, 7, &err)); /* parameters and moments live here */
    check(oc_exec_create(&exec, plan, state, &err));

    oc_binding in[] = {{"x", NULL}, {"labels", NULL}, {OC_HYPER_NAME, NULL}}, out[] = {{"loss", NULL}, {"logits", NULL}};
    check(oc_tensor_wrap(&in[0].tensor, context, OC_F32, &OC_SHAPE(4, 2), x, &err));
    check(oc_tensor_wrap(&in[1].tensor, context, OC_I64, &OC_SHAPE(4), labels, &err));
    check(oc_tensor_wrap(&in[2].tensor, context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), hyper, &err));
    check(oc_tensor_wrap(&out[0].tensor, context, OC_F32, &OC_SCALAR, &loss, &err));
    check(oc_tensor_wrap(&out[1].tensor, context, OC_F32, &OC_SHAPE(4, 2), logits, &err));
    for (int64_t step = 1; step <= 300; step++) {
        oc_optimizer_hyper(&adam, step, hyper); /* learning rate and step: the graph stays as it is */
        check(oc_exec_run(exec, in, 3, out, 2, &err));
        if (step == 1 || step % 100 == 0)
            printf("step %3lld: loss %.4f\n", (long long)step, loss);
    }
    bool right = true;
    for (int i = 0; i < 4; i++) {
        int answer = logits[2 * i + 1] > logits[2 * i];
        printf("%g xor %g = %d\n", x[2 * i], x[2 * i + 1], answer);
        right = right && answer == labels[i];
    }

    for (int i = 0; i < 3; i++)
        oc_tensor_destroy(&in[i].tensor);
    for (int i = 0; i < 2; i++)
        oc_tensor_destroy(&out[i].tensor);
    oc_exec_destroy(&exec);
    oc_state_destroy(&state);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    oc_device_destroy(&device);
    oc_context_destroy(&context);
    return right ? 0 : 1;
}
