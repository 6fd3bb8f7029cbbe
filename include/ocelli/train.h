/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file train.h
 * Training: losses, gradients and updates in one graph; and a trainer that runs them over a data set.
 *
 * oc_minimize() adds to a graph what one step of training needs. oc_trainer does the rest for the usual case: shuffled
 * mini-batches, evaluation, checkpoints that resume to the bit.
 */
#ifndef OCELLI_TRAIN_H
#define OCELLI_TRAIN_H

#include <ocelli/exec.h>

/** Update rules, with g the gradient plus weight_decay * w plus l1 * sign(w). */
typedef enum oc_optimizer_kind {
    OC_SGD = 0,     /**< v = momentum * v + g; w -= lr * v (Nesterov: w -= lr * (g + momentum * v)). */
    OC_ADAM = 1,    /**< Kingma and Ba 2015, bias-corrected. */
    OC_ADAMW = 2,   /**< Loshchilov and Hutter 2017: the decay is not in g; w -= lr * weight_decay * w before Adam's step. */
    OC_ADAGRAD = 3, /**< Duchi, Hazan and Singer 2011: s += g^2; w -= lr / (1 + (step - 1) * lr_decay) * g / (sqrt(s) + epsilon). */
    OC_RMSPROP = 4  /**< Hinton 2012: s = beta2 * s + (1 - beta2) * g^2; v = momentum * v + g / (sqrt(s) + epsilon); w -= lr * v. */
} oc_optimizer_kind;

/** An optimizer. Fields that say so may change from step to step: they are fed to each run. */
typedef struct oc_optimizer {
    oc_optimizer_kind kind; /**< Default: SGD. */
    float lr;           /**< Learning rate; fed to each run. */
    float momentum;     /**< SGD, RMSProp. Default 0. Fed to each run. */
    bool nesterov;      /**< SGD. */
    float weight_decay; /**< L2, on all parameters. Default 0. Fed to each run. */
    float beta1;        /**< Adam. Default (0): 0.9. Fed to each run. */
    float beta2;        /**< Adam, RMSProp. Default (0): 0.999, for RMSProp 0.99. Fed to each run. */
    float epsilon;      /**< Default (0): 1e-8, Adagrad 1e-10. Fed to each run. */
    float lr_decay;     /**< Adagrad. Default 0. Fed to each run. */
    float l1;           /**< L1, on all parameters. Default 0. Fed to each run, if it is not 0 when the graph is made. */
    float clip_value;   /**< Gradients are held in -clip_value ... clip_value, before all else. Default (0): not. */
    float clip_norm;    /**< Gradients are scaled so that the norm of all of them together is at most this. Default (0): not. */
} oc_optimizer;

/**
 * The input that oc_minimize() adds: (9) of f32: lr, momentum, weight decay, beta1, beta2, epsilon, step (from 1), loss scale (that the
 * loss was multiplied by), factor of L1.
 */
#define OC_HYPER_NAME "train.hyper"
/** The numbers in it. */
#define OC_HYPER_COUNT 9

/** How the learning rate changes; t counts steps from 0 behind the warm-up. */
typedef enum oc_schedule_kind {
    OC_SCHEDULE_CONSTANT = 0,
    OC_SCHEDULE_STEP = 1,        /**< factor ^ floor(t / steps). */
    OC_SCHEDULE_EXPONENTIAL = 2, /**< factor ^ (t / steps). */
    OC_SCHEDULE_COSINE = 3,      /**< From 1 to factor in half a cosine over `steps` (Loshchilov and Hutter 2016), then factor. */
    OC_SCHEDULE_POLYNOMIAL = 4   /**< factor + (1 - factor) * (1 - t / steps) ^ power, from `steps` on factor. */
} oc_schedule_kind;

/** A schedule of learning rates. */
typedef struct oc_schedule {
    oc_schedule_kind kind; /**< Default: constant. */
    int64_t warmup; /**< In the first so many steps the rate rises in equal steps to what it is. Default: 0. */
    int64_t steps;  /**< See the kinds. At least 1, but for the constant kind. */
    double factor;  /**< See the kinds. Default: 0. */
    double power;   /**< Of the polynomial. Default (0): 1. */
} oc_schedule;

/** The losses that a trainer knows. Labels may be class numbers of i64, i32 or u8 where they say so; else they are f32 as the output. */
typedef enum oc_loss_kind {
    OC_LOSS_SOFTMAX_CROSS_ENTROPY = 0, /**< Labels: class numbers, one a sample; for outputs (N, classes, spatial...) (N, spatial...). */
    OC_LOSS_MSE = 1,                   /**< Mean of (output - label)^2. Class numbers are made one-hot. */
    OC_LOSS_ABSOLUTE = 2,              /**< Mean of |output - label|. Likewise. */
    OC_LOSS_HUBER = 3,                 /**< Mean of d^2 / 2 for d = |output - label| up to 1, d - 1/2 beyond. Likewise. */
    OC_LOSS_BINARY_CROSS_ENTROPY = 4   /**< The outputs are logits, labels probabilities, the mean over them. Likewise. */
} oc_loss_kind;

/** How to train; a field that is zero has its default. */
typedef struct oc_trainer_params {
    oc_optimizer optimizer; /**< What parameters are changed by. */
    oc_schedule schedule; /**< Of optimizer.lr. Default: constant. */
    oc_loss_kind loss; /**< What is made small. */
    int64_t batch;      /**< Samples a run. Default (0): 64. A last, smaller batch of an epoch is trained on as well. */
    int64_t accumulate; /**< Batches a step: their gradients are summed before parameters change, as if they were one batch (but for what
                         * looks at the batch itself, such as batch normalization). Default (0): 1. */
    uint64_t seed;      /**< Of first values, shuffling and random ops. */
    bool no_shuffle;    /**< Take samples in their order. */
    float image_scale;  /**< u8 images are multiplied by it. Default (0): 1/255. */
    /** Further devices that the batch is split over (policy "split"; samples a step are those of all together). The state stays on
     * the trainer's own device. They must outlive the trainer. */
    oc_device *const *devices;
    size_t device_count; /**< Default: 0. */
    /** A copy of the state in host memory is made every so many steps (and at the beginning and end of an epoch). If the device that
     * holds the state fails, training goes back to it on the devices that are left, or without others once more on the same, and
     * repeats the steps since; samples of oc_trainer_step() are kept for that. Default (0): none, a step that fails is an error. */
    int64_t shadow_steps;
    double wait_limit; /**< With further devices: as in oc_plan_params. */
    bool sync_norm;    /**< With further devices: as in oc_plan_params. */
} oc_trainer_params;

/** What an epoch, or an evaluation, came to. Losses are means over the samples. */
typedef struct oc_train_report {
    int64_t epoch;   /**< Epochs completed. */
    int64_t step;    /**< Steps made since the beginning. */
    int64_t samples; /**< Samples in this report. */
    double loss; /**< The mean. */
    double accuracy; /**< Share of samples whose largest output is their label's; NaN where labels are no classes. */
    double seconds; /**< Of the epoch or evaluation. */
    int64_t repeated; /**< Steps of the epoch that were made again, because a device had failed (`shadow_steps`). */
} oc_train_report;

/** A network in training. Opaque. */
typedef struct oc_trainer oc_trainer;

/** Called after each step; a return of false stops the epoch. */
typedef bool (*oc_progress)(void *user, int64_t step_of_epoch, int64_t steps_per_epoch, double loss);

OC_BEGIN

/**
 * Adds to a graph: the gradients of a scalar loss for all trainable states, their update by fused ops ("sgd_update",
 * "adam_update" …), the optimizer's own states ("optimizer.…", frozen), and the input OC_HYPER_NAME.
 * @param gradients receives the gradient of each trainable state in the graph's order, for a look at them; may be NULL.
 */
OC_EXPORT OC_MUST_USE oc_status oc_minimize(oc_graph *graph, oc_value *loss, const oc_optimizer *optimizer,
                                            oc_value **gradients, oc_error *err);
/** The values to feed OC_HYPER_NAME with. @param step from 1. */
OC_EXPORT void oc_optimizer_hyper(const oc_optimizer *optimizer, int64_t step, float hyper[OC_HYPER_COUNT]);

/** The learning rate of a step. @param lr the optimizer's. @param step from 1. */
OC_EXPORT double oc_schedule_rate(const oc_schedule *schedule, double lr, int64_t step);

/**
 * Makes a trainer for a network.
 * @param network a graph with one input, whose first axis is the batch (a symbol or any number), and at least one output, the
 *        logits first. Copied.
 */
OC_EXPORT OC_MUST_USE oc_status oc_trainer_create(oc_trainer **out, oc_device *device, const oc_graph *network,
                                                  const oc_trainer_params *params, oc_error *err);
/** Destroys a trainer and sets *trainer to NULL. NULL and *NULL are accepted. */
OC_EXPORT void oc_trainer_destroy(oc_trainer **trainer);

/**
 * Trains for one epoch, or what is left of it after a resume or a stop.
 * @param images (samples, …) in host memory, u8 (scaled) or of the input's type; kept only during the call.
 * @param labels (samples) of i64, i32 or u8, or (samples, …), as the loss wants them.
 * @param max_steps stop after so many steps; 0: the whole epoch.
 */
OC_EXPORT OC_MUST_USE oc_status oc_trainer_epoch(oc_trainer *trainer, const oc_tensor *images, const oc_tensor *labels,
                                                 int64_t max_steps, oc_progress progress, void *user,
                                                 oc_train_report *report, oc_error *err);
/** Loss and accuracy without training. */
OC_EXPORT OC_MUST_USE oc_status oc_trainer_evaluate(oc_trainer *trainer, const oc_tensor *images, const oc_tensor *labels,
                                                    oc_train_report *report, oc_error *err);
/** One step on these samples: one batch, or with `accumulate` batches of the usual size; if one fails, no
 * parameter has changed (or, where a device fails in the midst of changing them, oc_trainer_resume() has to restore them). @param loss receives the mean loss before the update; may be NULL. */
OC_EXPORT OC_MUST_USE oc_status oc_trainer_step(oc_trainer *trainer, const oc_tensor *images, const oc_tensor *labels,
                                                double *loss, oc_error *err);
/** The gradient of the mean loss for a parameter in the last step, before clipping and regularizers, copied into a host tensor of its shape. */
OC_EXPORT OC_MUST_USE oc_status oc_trainer_read_gradient(oc_trainer *trainer, const char *name, oc_tensor *gradient,
                                                         oc_error *err);
/** Changes the optimizer's numbers (not its kind) from the next step on: schedules. */
OC_EXPORT OC_MUST_USE oc_status oc_trainer_set_optimizer(oc_trainer *trainer, const oc_optimizer *optimizer, oc_error *err);

/** Writes parameters, optimizer state, random state and position into one file, atomically. */
OC_EXPORT OC_MUST_USE oc_status oc_trainer_save(oc_trainer *trainer, const char *path, oc_error *err);
/** Goes on from such a file: the next steps are, to the bit, those of a run that was never stopped. */
OC_EXPORT OC_MUST_USE oc_status oc_trainer_resume(oc_trainer *trainer, const char *path, oc_error *err);

/** Steps that were repeated since the trainer was made, because a device had failed (`shadow_steps`). */
OC_EXPORT int64_t oc_trainer_get_repeated(const oc_trainer *trainer);

/**
 * The network's state and the copy of its graph: to evaluate, to write as a model. Owned by the trainer. With `shadow_steps` it is
 * another one, on another device, after a device has failed; the one before it lives as long as the trainer.
 */
OC_EXPORT oc_state *oc_trainer_get_state(oc_trainer *trainer);
/** The copy of the graph, owned by the trainer. */
OC_EXPORT const oc_graph *oc_trainer_get_graph(const oc_trainer *trainer);

OC_END

#endif
