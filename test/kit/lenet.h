/* SPDX-License-Identifier: Apache-2.0 */
/* LeNet-5 and pictures to train it on, for tests of the floors above the ops. */
#ifndef OC_KIT_LENET_H
#define OC_KIT_LENET_H

#include <ocelli/ocelli.h>

#include "kit/kit.h"

/* Input "image" (N, 1, 28, 28), output "logits". */
oc_graph *lenet_graph(kit *k);
/* u8 pictures with a bright bar in a place of its own for each class, and u8 labels. */
void lenet_data(kit *k, int64_t samples, oc_tensor **images, oc_tensor **labels);
oc_trainer *lenet_trainer(kit *k, const oc_trainer_params *params);

#endif
