/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of this floor share: layers with their states. A page is a network, or a family of one paper; its row is in nets.def. */
#ifndef OC_NET_PARTS_H
#define OC_NET_PARTS_H

#include <ocelli/net.h>
#include <ocelli/op/conv.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/shape.h>

#include "ir/ir.h"

/* A network under construction. A page sets how its weights begin. */
typedef struct oc__parts {
    oc_graph *graph;
    oc_error *err;
    const oc_net_params *params;
    const void *variant;  /* the page's own */
    oc_init conv, dense;  /* first values of weights */
    bool fan_out;         /* He's rule for convolutions looks at outputs, as torchvision's networks do */
    bool conv_bias;       /* of oc__parts_conv_norm: biases in place of normalization */
    float epsilon;        /* of normalization; 0: 1e-5 */
    const char *prefix;   /* of all names; "" at first */
} oc__parts;

typedef struct oc__net {
    oc_net_info info;
    oc_value *(*build)(oc__parts *parts, oc_value *x);
    const void *variant;
} oc__net;

#define OC_NET(name) extern const oc__net oc__net_##name;
#include "net/nets.def"
#undef OC_NET

/* A convolution, transposed or not. */
typedef struct oc__layer {
    int64_t out, kernel, stride, pad; /* stride 0: 1 */
    int64_t kernel_w, pad_w;          /* kernel_w 0: both as high */
    int64_t groups;                   /* 0: 1 */
    int64_t more;                     /* transposed: output padding */
    bool transposed, no_bias;
    double bias;                      /* its first value */
} oc__layer;

/* A name under the prefix. */
const char *oc__parts_name(oc__parts *parts, const char *format, ...) OC_FORMAT(2, 3);
/* A size of x along an axis, which must be a number; 1 after an error. */
int64_t oc__parts_size(oc__parts *parts, oc_value *x, int axis);

/* States NAME.weight and NAME.bias. */
oc_value *oc__parts_conv(oc__parts *parts, oc_value *x, const char *name, const oc__layer *layer);
#define OC_CONV(parts, x, name, ...) oc__parts_conv(parts, x, name, &(oc__layer){__VA_ARGS__})
oc_value *oc__parts_dense(oc__parts *parts, oc_value *x, const char *name, int64_t out);
/* States NAME.weight, .bias, .running_mean, .running_var. */
oc_value *oc__parts_norm(oc__parts *parts, oc_value *x, const char *name);
/* Convolution without bias, normalization, ReLU. */
oc_value *oc__parts_conv_norm(oc__parts *parts, oc_value *x, const char *conv, const char *norm, const oc__layer *layer);
#define OC_CONV_NORM(parts, x, conv, norm, ...) oc__parts_conv_norm(parts, x, conv, norm, &(oc__layer){__VA_ARGS__})
/* The same as "NAME.conv" and "NAME.bn"; with conv_bias a convolution NAME.conv and ReLU alone. */
oc_value *oc__parts_unit(oc__parts *parts, oc_value *x, const char *name, const oc__layer *layer);
#define OC_UNIT(parts, x, name, ...) oc__parts_unit(parts, x, name, &(oc__layer){__VA_ARGS__})

oc_value *oc__parts_relu(oc__parts *parts, oc_value *x);
oc_value *oc__parts_max_pool(oc__parts *parts, oc_value *x, int64_t kernel, int64_t stride, int64_t pad, bool ceil_mode);
oc_value *oc__parts_avg_pool(oc__parts *parts, oc_value *x, int64_t kernel, int64_t stride, int64_t pad);
oc_value *oc__parts_join(oc__parts *parts, oc_value *const *values, size_t count); /* along the channels */
/* Local response normalization over 5 channels, as AlexNet has it. */
oc_value *oc__parts_lrn(oc__parts *parts, oc_value *x);
/* Nothing, unless the network is built for training. */
oc_value *oc__parts_dropout(oc__parts *parts, oc_value *x, float ratio);
/* Global average, dropout (ratio 0: none), and a fully connected layer: how most classifiers end. */
oc_value *oc__parts_head(oc__parts *parts, oc_value *x, const char *name, float ratio);
/* Flattened: fully connected layers of 4096 twice, with ReLU and dropout, and the classes. */
oc_value *oc__parts_wide_head(oc__parts *parts, oc_value *x, const char *const names[3], bool dropout_first);
/* Gives out the logits of an auxiliary head. */
void oc__parts_output(oc__parts *parts, const char *name, oc_value *x);

#endif
