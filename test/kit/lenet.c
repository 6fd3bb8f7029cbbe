/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/lenet.h"

oc_graph *lenet_graph(kit *k) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 1, 28, 28), &err);
    KIT_OK(oc_graph_output(graph, "logits", oc_net_lenet5(graph, x, &err), &err), &err);
    return graph;
}

void lenet_data(kit *k, int64_t samples, oc_tensor **images, oc_tensor **labels) {
    oc_error err = {0};
    KIT_OK(oc_tensor_create(images, k->context, NULL, OC_U8, &OC_SHAPE(samples, 28, 28), &err), &err);
    KIT_OK(oc_tensor_create(labels, k->context, NULL, OC_U8, &OC_SHAPE(samples), &err), &err);
    uint8_t *pixels = oc_tensor_get_data(*images), *classes = oc_tensor_get_data(*labels);
    for (int64_t i = 0; i < samples; i++) {
        classes[i] = (uint8_t)(i * 7 % 10);
        for (int p = 0; p < 784; p++)
            pixels[i * 784 + p] = p / 70 == classes[i] ? 255 : (uint8_t)((i * 784 + p) * 7919 % 64);
    }
}

oc_trainer *lenet_trainer(kit *k, const oc_trainer_params *params) {
    oc_error err = {0};
    oc_trainer *trainer = NULL;
    oc_graph *graph = lenet_graph(k);
    KIT_OK(oc_trainer_create(&trainer, k->device, graph, params, &err), &err);
    oc_graph_destroy(&graph);
    return trainer;
}
