/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: plans for one number of samples, and samples copied into them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "op/rig.h"
#include "tensor/tensor.h"
#include "train/trainer.h"

static void finish(oc__batch *batch) {
    oc_tensor_destroy(&batch->image);
    oc_tensor_destroy(&batch->label);
    oc_tensor_destroy(&batch->hyper);
    oc_tensor_destroy(&batch->losses);
    oc_tensor_destroy(&batch->loss);
    oc_tensor_destroy(&batch->logits);
    oc_exec_destroy(&batch->exec);
    oc_plan_destroy(&batch->plan);
}

void oc__batches_forget(oc_trainer *t) {
    for (size_t i = 0; i < t->batch_count; i++)
        finish(&t->batches[i]);
    t->batch_count = 0;
    t->last = t->running = NULL;
}

static oc_status host_tensor(const oc_trainer *t, oc_tensor **out, oc_dtype dtype, oc_shape shape, int64_t batch, oc_error *err) {
    if (batch >= 0)
        shape.dims[0] = batch;
    for (int i = 1; i < shape.rank; i++)
        if (shape.dims[i] < 0)
            return oc__fail(t->context, err, OC_ERROR_SHAPE, "the network may have no sizes open but the batch");
    return oc_tensor_create(out, t->context, NULL, dtype, &shape, err);
}

static oc_status make_tensors(const oc_trainer *t, oc__batch *b, oc_error *err) {
    const oc_value *label = oc_graph_find(t->graph, OC_LABEL_NAME), *input = t->network->inputs[0];
    OC_TRY(host_tensor(t, &b->image, OC_F32, input->shape, b->size, err));
    OC_TRY(host_tensor(t, &b->label, label->dtype, label->shape, b->size, err));
    OC_TRY(host_tensor(t, &b->logits, OC_F32, t->network->outputs[0].value->shape, b->size, err));
    OC_TRY(host_tensor(t, &b->losses, OC_F32, OC_SHAPE(0), b->size, err));
    OC_TRY(host_tensor(t, &b->loss, OC_F32, OC_SCALAR, -1, err));
    return host_tensor(t, &b->hyper, OC_F32, OC_SHAPE(OC_HYPER_COUNT), -1, err);
}

static oc_status make(oc_trainer *t, oc__batch *b, oc_error *err) {
    oc_dim_binding batch = {"batch", b->size};
    const char *const outputs[] = {t->output, OC_LOSSES_NAME};
    oc_plan_params params = {.dims = &batch, .dim_count = 1, .inference = b->kind == OC_BATCH_EVALUATE};
    if (b->kind == OC_BATCH_EVALUATE) {
        params.outputs = outputs;
        params.output_count = 2;
    }
    OC_TRY(make_tensors(t, b, err));
    bool split = t->params.device_count && b->size > 1; /* one sample goes to one device */
    params.policy = split ? "split" : NULL;
    params.wait_limit = split ? t->params.wait_limit : 0;
    params.sync_norm = t->params.sync_norm;
    OC_TRY(oc_plan_create(&b->plan, b->kind == OC_BATCH_GATHER ? t->gather : t->graph, t->all, split ? 1 + t->params.device_count : 1, &params,
                          err));
    return oc_exec_create(&b->exec, b->plan, t->state, err);
}

oc_status oc__batch_get(oc_trainer *t, int64_t size, oc__batch_kind kind, oc__batch **out, oc_error *err) {
    for (size_t i = 0; i < t->batch_count; i++) {
        if (t->batches[i].size == size && t->batches[i].kind == kind) {
            *out = &t->batches[i];
            return OC_OK;
        }
    }
    oc__batch batch = {.size = size, .kind = kind};
    size_t last = t->last ? (size_t)(t->last - t->batches) : 0;
    oc_status status = make(t, &batch, err);
    if (status == OC_OK && !OC_ARRAY_PUSH(t->context, t->batches, t->batch_count, t->batch_capacity, batch))
        status = oc__fail_memory(t->context, err, sizeof(batch));
    if (status != OC_OK) {
        finish(&batch);
        return status;
    }
    t->last = t->last ? &t->batches[last] : NULL; /* the array may have moved */
    *out = &t->batches[t->batch_count - 1];
    return OC_OK;
}

static int64_t per_sample(const oc_shape *shape) {
    int64_t count = 1;
    for (int i = 1; i < shape->rank; i++)
        count *= shape->dims[i];
    return count;
}

oc_status oc__data_check(const oc_trainer *t, const oc_tensor *images, const oc_tensor *labels, int64_t *samples, oc_error *err) {
    const oc_shape *is = oc_tensor_get_shape(images), *ls = oc_tensor_get_shape(labels), *want = &t->network->inputs[0]->shape;
    oc_dtype it = oc_tensor_get_dtype(images), lt = oc_tensor_get_dtype(labels);
    if (!oc_tensor_get_data(images) || !oc_tensor_get_data(labels) || !oc__tensor_is_dense(images) || !oc__tensor_is_dense(labels))
        return oc__fail(t->context, err, OC_ERROR_INVALID, "images and labels must be dense and in host memory");
    if (is->rank < 1 || ls->rank < 1 || is->dims[0] != ls->dims[0] || is->dims[0] < 1)
        return oc__fail(t->context, err, OC_ERROR_SHAPE, "there must be as many labels as images, and at least one");
    if (per_sample(is) != per_sample(want))
        return oc__fail(t->context, err, OC_ERROR_SHAPE, "an image has %lld elements; the network takes %lld",
                        (long long)per_sample(is), (long long)per_sample(want));
    if (it != OC_U8 && it != OC_F32)
        return oc__fail(t->context, err, OC_ERROR_INVALID, "images must be u8 or f32, these are %s", oc_dtype_name(it));
    int64_t wanted = oc_shape_count(&t->label_shape);
    bool classes = (lt == OC_I64 || lt == OC_U8 || lt == OC_I32) && per_sample(ls) == (t->label_dtype == OC_I64 ? wanted : 1);
    bool targets = lt == OC_F32 && t->label_dtype == OC_F32 && per_sample(ls) == wanted;
    if (!classes && !targets)
        return oc__fail(t->context, err, OC_ERROR_SHAPE, "labels must be class numbers (i64, i32 or u8)%s; these are %s with %lld for each "
                        "sample", t->label_dtype == OC_F32 ? ", or f32 of the output's shape" : wanted == 1 ? "" : ", one a place",
                        oc_dtype_name(lt), (long long)per_sample(ls));
    *samples = is->dims[0];
    return OC_OK;
}

static void copy_image(const oc_trainer *t, float *to, const oc_tensor *images, int64_t sample, int64_t count) {
    if (oc_tensor_get_dtype(images) == OC_F32) {
        memcpy(to, (const float *)oc_tensor_get_data(images) + sample * count, (size_t)count * sizeof(float));
        return;
    }
    const uint8_t *from = (const uint8_t *)oc_tensor_get_data(images) + sample * count;
    for (int64_t i = 0; i < count; i++)
        to[i] = (float)from[i] * t->params.image_scale;
}

/* Class numbers are checked. */
static oc_status read_class(const oc_trainer *t, const oc_tensor *labels, int64_t index, int64_t classes, int64_t *out, oc_error *err) {
    *out = (int64_t)oc__element_get(oc_tensor_get_dtype(labels), oc_tensor_get_data(labels), index);
    return *out >= 0 && *out < classes ? OC_OK
                                       : oc__fail(t->context, err, OC_ERROR_INVALID, "label %lld (number %lld) is none of the network's "
                                                  "%lld classes", (long long)*out, (long long)index, (long long)classes);
}

static oc_status copy_label(const oc_trainer *t, const oc__batch *b, int64_t at, const oc_tensor *labels, int64_t sample,
                            oc_error *err) {
    int64_t count = oc_shape_count(&t->label_shape), label;
    const oc_shape *logits = oc_tensor_get_shape(b->logits);
    if (oc_tensor_get_dtype(labels) == OC_F32) {
        memcpy((float *)oc_tensor_get_data(b->label) + at * count, (const float *)oc_tensor_get_data(labels) + sample * count,
               (size_t)count * sizeof(float));
        return OC_OK;
    }
    for (int64_t i = 0; i < count && t->label_dtype == OC_I64; i++)
        OC_TRY(read_class(t, labels, sample * count + i, logits->dims[1], (int64_t *)oc_tensor_get_data(b->label) + at * count + i, err));
    if (t->label_dtype == OC_I64)
        return OC_OK;
    float *hot = (float *)oc_tensor_get_data(b->label) + at * count;
    OC_TRY(read_class(t, labels, sample, count, &label, err));
    memset(hot, 0, (size_t)count * sizeof(float));
    hot[label] = 1;
    return OC_OK;
}

oc_status oc__batch_fill(const oc_trainer *t, oc__batch *b, const oc_tensor *images, const oc_tensor *labels, const int64_t *order,
                         int64_t first, oc_error *err) {
    int64_t count = per_sample(oc_tensor_get_shape(b->image));
    for (int64_t i = 0; i < b->size; i++) {
        int64_t sample = order ? order[first + i] : first + i;
        copy_image(t, (float *)oc_tensor_get_data(b->image) + i * count, images, sample, count);
        OC_TRY(copy_label(t, b, i, labels, sample, err));
    }
    return OC_OK;
}

static int64_t largest(const float *values, int64_t count) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (values[i] > values[best] || isnan(values[best]))
            best = i;
    return best;
}

int64_t oc__batch_right(const oc_trainer *t, const oc__batch *b) {
    int64_t classes = per_sample(oc_tensor_get_shape(b->logits)), right = 0;
    const float *logits = oc_tensor_get_data(b->logits);
    if (oc_tensor_get_shape(b->logits)->rank != 2)
        return -1;
    for (int64_t i = 0; i < b->size; i++) {
        int64_t label = t->label_dtype == OC_I64 ? ((const int64_t *)oc_tensor_get_data(b->label))[i]
                                                 : largest((const float *)oc_tensor_get_data(b->label) + i * classes, classes);
        right += largest(logits + i * classes, classes) == label;
    }
    return right;
}
