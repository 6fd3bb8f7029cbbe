/* SPDX-License-Identifier: Apache-2.0 */
/* The main job: LeNet-5 as a graph, with its gradients and its update, compiled and run. */
#include <math.h>
#include <ocelli/ocelli.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit/kit.h"

static void write_out(void *user, const char *text, size_t size) {
    fwrite(text, 1, size, user);
}

static void test_learns_one_batch(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    oc_error error = {0}, *err = &error;
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k.context, err), err);
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 1, 28, 28), err);
    oc_value *labels = oc_graph_input(graph, "label", OC_I64, &OC_SHAPE(oc_graph_symbol(graph, "N")), err);
    oc_value *logits = oc_net_lenet5(graph, x, err);
    oc_value *loss = oc_reduce_mean(graph, oc_softmax_cross_entropy(graph, logits, labels, err), NULL, err);
    KIT_OK(oc_graph_output(graph, "loss", loss, err), err);
    oc_optimizer optimizer = {.kind = OC_SGD, .lr = 0.05f, .momentum = 0.9f};
    KIT_OK(oc_minimize(graph, loss, &optimizer, NULL, err), err);
    KIT_OK(oc_graph_check(graph, err), err);
    oc_plan *plan = NULL;
    oc_state *params = NULL;
    oc_exec *exec = NULL;
    oc_dim_binding n = {"N", 16};
    oc_plan_params plan_params = {.dims = &n, .dim_count = 1, .red_zones = getenv("OCELLI_TEST_ZONES") != NULL};
    KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, &plan_params, err), err);
    if (getenv("OCELLI_TEST_PRINT"))
        oc_plan_print(plan, true, &(oc_writer){write_out, stdout});
    KIT_OK(oc_state_create(&params, k.device, graph, 1, err), err);
    KIT_OK(oc_exec_create(&exec, plan, params, err), err);
    oc_tensor *image, *label, *hyper, *out;
    float value = 0, numbers[OC_HYPER_COUNT];
    KIT_OK(oc_tensor_create(&image, k.context, NULL, OC_F32, &OC_SHAPE(16, 1, 28, 28), err), err);
    KIT_OK(oc_tensor_create(&label, k.context, NULL, OC_I64, &OC_SHAPE(16), err), err);
    KIT_OK(oc_tensor_wrap(&hyper, k.context, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), numbers, err), err);
    KIT_OK(oc_tensor_wrap(&out, k.context, OC_F32, &OC_SCALAR, &value, err), err);
    float *pixels = oc_tensor_get_data(image);
    for (int i = 0; i < 16 * 784; i++) /* a bright spot in a place of its own for each class */
        pixels[i] = (i % 784) / 70 == i / 784 % 10 ? 1.0f : (float)((i * 7919) % 255) / 1020;
    for (int i = 0; i < 16; i++)
        ((int64_t *)oc_tensor_get_data(label))[i] = i % 10;
    float first = 0;
    for (int step = 1; step <= 60; step++) {
        oc_optimizer_hyper(&optimizer, step, numbers);
        oc_binding in[] = {{"image", image}, {"label", label}, {OC_HYPER_NAME, hyper}}, result[] = {{"loss", out}};
        KIT_OK(oc_exec_run(exec, in, 3, result, 1, err), err);
        first = step == 1 ? value : first;
    }
    assert_true(fabsf(first - 2.3f) < 0.2f);
    if (!(value < 0.5f * first))
        fail_msg("loss %g after %g", value, first);
    oc_tensor_destroy(&image);
    oc_tensor_destroy(&label);
    oc_tensor_destroy(&hyper);
    oc_tensor_destroy(&out);
    oc_exec_destroy(&exec);
    oc_state_destroy(&params);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_learns_one_batch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
