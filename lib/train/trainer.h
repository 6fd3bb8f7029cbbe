/* SPDX-License-Identifier: Apache-2.0 */
/* A trainer from the inside. */
#ifndef OC_TRAINER_H
#define OC_TRAINER_H

#include <ocelli/train.h>

#include "plan/exec.h"

#define OC_LABEL_NAME "train.label"
#define OC_LOSS_NAME "train.loss"     /* the mean: what is minimized */
#define OC_LOSSES_NAME "train.losses" /* of each sample */

/* What a batch is run for. */
typedef enum oc__batch_kind {
    OC_BATCH_EVALUATE = 0,
    OC_BATCH_STEP,  /* an update with the batch's gradients and those that were summed before */
    OC_BATCH_GATHER /* its gradients are added to the sums */
} oc__batch_kind;

/* Plans are made for one number of samples: the usual batch, and the smaller last one. */
typedef struct oc__batch {
    int64_t size;
    oc__batch_kind kind;
    oc_plan *plan;
    oc_exec *exec;
    oc_tensor *image, *label, *hyper, *losses, *loss, *logits; /* in host memory */
} oc__batch;

/* Where a training is. */
typedef struct oc__position {
    int64_t epoch, step, in_epoch; /* epochs completed; steps in all; steps of the present epoch */
    double loss_sum;               /* over the samples of the present epoch */
    int64_t loss_samples;
} oc__position;

/* The state as it was at a step (shadow.h). */
typedef struct oc__shadow {
    uint8_t *data, *next; /* as oc__state_copy_out() has it; room for another */
    oc__position at;
    uint64_t version;     /* of the state after the trainer's last change */
    bool is_current;      /* the steps since can be repeated */
    bool tried;           /* they were, on the same device */
    oc_tensor **kept;     /* images and labels of the steps since, where the caller gave them one by one */
    size_t kept_count, kept_capacity;
    oc_state **retired;   /* on devices that have failed */
    size_t retired_count, retired_capacity;
} oc__shadow;

struct oc_trainer {
    oc_context *context;
    oc_device *device;
    oc_device **all; /* it, and those that the batch is split over */
    oc_trainer_params params;
    oc_graph *network; /* as given, its batch a symbol */
    oc_graph *graph;   /* with loss, gradients and update */
    oc_graph *gather;  /* accumulating: with loss and gradients, which are added to the sums; else NULL */
    const char *input, *output;
    oc_shape label_shape; /* of one sample */
    oc_dtype label_dtype;
    oc_state *state;
    oc__batch *batches;
    size_t batch_count, batch_capacity;
    oc__batch *last;      /* of the last step */
    int64_t last_samples; /* in it, with those of the batches before */
    oc__position at;
    oc__shadow shadow;
    oc__batch *running; /* the batch that runs, or whose run has failed; NULL: none */
    int64_t repeated;   /* steps, because a device had failed */
    int64_t *order; /* of the samples in the present epoch */
    int64_t order_size, order_epoch;
};

/* batch.c */
oc_status oc__batch_get(oc_trainer *trainer, int64_t size, oc__batch_kind kind, oc__batch **out, oc_error *err);
void oc__batches_forget(oc_trainer *trainer); /* all of them */
/* Checks a data set against the network; gives the number of samples. */
oc_status oc__data_check(const oc_trainer *trainer, const oc_tensor *images, const oc_tensor *labels, int64_t *samples,
                         oc_error *err);
/* Copies samples order[first …] (order NULL: in their order) into a batch. */
oc_status oc__batch_fill(const oc_trainer *trainer, oc__batch *batch, const oc_tensor *images, const oc_tensor *labels,
                         const int64_t *order, int64_t first, oc_error *err);
/* Samples of the batch whose largest logit is their label's; -1 where labels are no classes. */
int64_t oc__batch_right(const oc_trainer *trainer, const oc__batch *batch);
/* losses.c: of each sample; adds the label input and says what labels are. */
oc_value *oc__trainer_losses(oc_trainer *trainer, oc_value *logits, oc_error *err);
/* trainer.c: one step on samples order[first …]; the mean loss before it. */
oc_status oc__trainer_step(oc_trainer *trainer, const oc_tensor *images, const oc_tensor *labels, const int64_t *order, int64_t first,
                           int64_t count, double *loss, oc_error *err);

#endif
