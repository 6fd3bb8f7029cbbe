/* SPDX-License-Identifier: Apache-2.0 */
#include "net/parts.h"

static oc_value *build(oc__parts *p, oc_value *x) {
    x = oc__parts_relu(p, OC_CONV(p, x, "encoder.0", 16, 3, 2, 1));
    x = oc__parts_relu(p, OC_CONV(p, x, "encoder.2", 32, 3, 2, 1));
    x = OC_CONV(p, x, "encoder.4", 64, 7);
    x = oc__parts_relu(p, OC_CONV(p, x, "decoder.0", 32, 7, .transposed = true));
    x = oc__parts_relu(p, OC_CONV(p, x, "decoder.2", 16, 3, 2, 1, .transposed = true, .more = 1));
    x = OC_CONV(p, x, "decoder.4", p->params->outputs, 3, 2, 1, .transposed = true, .more = 1);
    return oc_sigmoid(p->graph, x, p->err);
}

const oc__net oc__net_autoencoder = {
    {"autoencoder", "Convolutional autoencoder", "after Masci, Meier, Ciresan and Schmidhuber 2011: 28x28 pixels to 64 numbers and back",
     {3, {1, 28, 28}}, 1, 210369, false},
    build, NULL};
