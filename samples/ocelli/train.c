/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli train */
#include "trainee.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bar.h"
#include "json.h"

/* Sums over the pieces of an epoch that were trained one after another. */
typedef struct epoch {
    double loss, seconds;
    int64_t samples, repeated;
    oc_train_report last;
} epoch;

static bool on_step(void *user, int64_t step, int64_t steps, double loss) {
    bar_step(user, step, steps, loss);
    return true;
}

static int train_piece(trainee *t, int64_t max_steps, epoch *epoch, bar *bar) {
    oc_error err = {0};
    oc_train_report report = {0};
    if (oc_trainer_epoch(t->trainer, t->images, t->labels, max_steps, on_step, bar, &report, &err) != OC_OK) {
        bar_end(bar);
        return app_fail(&err);
    }
    epoch->loss += report.loss * (double)report.samples;
    epoch->samples += report.samples;
    epoch->seconds += report.seconds;
    epoch->repeated += report.repeated;
    epoch->last = report;
    return EXIT_DONE;
}

static void report_json(const epoch *e, const oc_train_report *test) {
    json_open('{');
    json_key("epoch");
    json_integer(e->last.epoch);
    json_key("step");
    json_integer(e->last.step);
    json_key("train_loss");
    json_number(e->loss / (double)e->samples);
    json_key("test_loss");
    json_number(test != NULL ? test->loss : NAN);
    json_key("test_accuracy");
    json_number(test != NULL ? test->accuracy : NAN);
    json_key("seconds");
    json_number(e->seconds);
    json_key("images_per_second");
    json_number((double)e->samples / e->seconds);
    json_key("repeated_steps");
    json_integer(e->repeated);
    json_close();
}

static void report_text(const epoch *e, const oc_train_report *test) {
    printf("epoch %lld, step %lld: train loss %.4f", (long long)e->last.epoch, (long long)e->last.step,
           e->loss / (double)e->samples);
    if (test != NULL)
        printf(", test loss %.4f", test->loss);
    if (test != NULL && !isnan(test->accuracy))
        printf(", test accuracy %.2f %%", 100 * test->accuracy);
    printf(", %.1f s, %.0f images/s", e->seconds, (double)e->samples / e->seconds);
    if (e->repeated > 0)
        printf(", %lld steps repeated", (long long)e->repeated);
    printf("\n");
    fflush(stdout);
}

static int end_epoch(trainee *t, const epoch *epoch) {
    oc_error err = {0};
    oc_train_report test;
    if (t->test_images != NULL && oc_trainer_evaluate(t->trainer, t->test_images, t->test_labels, &test, &err) != OC_OK)
        return app_fail(&err);
    (t->app.json ? report_json : report_text)(epoch, t->test_images != NULL ? &test : NULL);
    if (t->checkpoint != NULL && oc_trainer_save(t->trainer, t->checkpoint, &err) != OC_OK)
        return app_fail(&err);
    return EXIT_DONE;
}

/* Where a resumed training stands: one sample is evaluated for its report. */
static int find_position(trainee *t, oc_train_report *out) {
    oc_error err = {0};
    oc_tensor *parts[2] = {NULL, NULL}, *wholes[2] = {t->images, t->labels};
    oc_status status = OC_OK;
    for (int i = 0; i < 2 && status == OC_OK; i++) {
        oc_shape shape = *oc_tensor_get_shape(wholes[i]);
        shape.dims[0] = 1;
        status = oc_tensor_view(&parts[i], wholes[i], 0, &shape, NULL, &err);
    }
    if (status == OC_OK)
        status = oc_trainer_evaluate(t->trainer, parts[0], parts[1], out, &err);
    oc_tensor_destroy(&parts[0]);
    oc_tensor_destroy(&parts[1]);
    return status == OC_OK ? EXIT_DONE : app_fail(&err);
}

/* One epoch, or what is left of it or of the steps. */
static int train_epoch(trainee *t, oc_train_report *position, bool dump) {
    epoch e = {.last = *position};
    bar bar;
    bar_begin(&bar);
    int code = EXIT_DONE;
    if (dump) {
        code = train_piece(t, 1, &e, &bar);
        code = code == EXIT_DONE ? trainee_dump_gradients(t) : code;
    }
    bool more = e.last.epoch == position->epoch && (t->steps == 0 || e.last.step < t->steps);
    if (code == EXIT_DONE && more)
        code = train_piece(t, t->steps > 0 ? t->steps - e.last.step : 0, &e, &bar);
    bar_end(&bar);
    *position = e.last;
    return code == EXIT_DONE ? end_epoch(t, &e) : code;
}

/* Trains until so many epochs, or steps, have been made since the very beginning. */
static int train(trainee *t) {
    oc_train_report position = {0};
    int code = t->resume != NULL ? find_position(t, &position) : EXIT_DONE;
    bool dump = t->gradients != NULL;
    while (code == EXIT_DONE && (t->steps > 0 ? position.step < t->steps : position.epoch < t->epochs)) {
        code = train_epoch(t, &position, dump);
        dump = false;
    }
    return code;
}

/* The number of a name in a list that ends with NULL, or -1. */
static int number_of(const char *const *names, const char *name) {
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* In the order of their numbers. */
static const char *const optimizers[] = {"sgd", "adam", "adamw", "adagrad", "rmsprop", NULL};
static const char *const losses[] = {"softmax_cross_entropy", "mse", "absolute", "huber", "binary_cross_entropy", NULL};
static const char *const schedules[] = {"constant", "step", "exponential", "cosine", "linear", NULL};

static int make_trainer(trainee *t) {
    oc_error err = {0};
    oc_trainer_params params = {
        .optimizer = {.kind = (oc_optimizer_kind)number_of(optimizers, t->optimizer), .lr = (float)t->lr, .momentum = (float)t->momentum,
                      .nesterov = t->nesterov, .weight_decay = (float)t->weight_decay, .l1 = (float)t->l1,
                      .clip_value = (float)t->clip_value, .clip_norm = (float)t->clip_norm},
        .schedule = {.kind = (oc_schedule_kind)number_of(schedules, t->schedule), .warmup = t->warmup, .steps = t->schedule_steps,
                     .factor = t->schedule_factor},
        .loss = (oc_loss_kind)number_of(losses, t->loss),
        .batch = t->batch,
        .accumulate = t->accumulate,
        .shadow_steps = t->shadow_steps,
        .sync_norm = t->sync_norm,
        .seed = (uint64_t)t->seed,
        .no_shuffle = t->no_shuffle};
    params.devices = t->app.devices + 1;
    params.device_count = t->app.device_count - 1;
    if (oc_trainer_create(&t->trainer, t->app.device, t->form != NULL ? t->form : t->graph, &params, &err) != OC_OK)
        return app_fail(&err);
    if (t->resume != NULL && oc_trainer_resume(t->trainer, t->resume, &err) != OC_OK)
        return app_fail(&err);
    return EXIT_DONE;
}

static int work(trainee *t) {
    if (!app_open(&t->app))
        return EXIT_FAILED;
    int code = trainee_load(t);
    if (code == EXIT_DONE)
        code = make_trainer(t);
    if (code == EXIT_DONE)
        code = train(t);
    if (code == EXIT_DONE && t->save != NULL)
        code = trainee_save(t);
    return code;
}

static int check_names(const command *command, trainee *t) {
    if (number_of(optimizers, t->optimizer) < 0)
        return args_wrong(command, "--optimizer is sgd, adam, adamw, adagrad or rmsprop");
    if (number_of(losses, t->loss) < 0)
        return args_wrong(command, "--loss is softmax_cross_entropy, mse, absolute, huber or binary_cross_entropy");
    if (number_of(schedules, t->schedule) < 0)
        return args_wrong(command, "--schedule is constant, step, exponential, cosine or linear");
    if (strcmp(t->schedule, "constant") != 0 && t->schedule_steps < 1)
        return args_wrong(command, "--schedule %s needs --schedule-steps", t->schedule);
    return ARGS_GO_ON;
}

static int check_data(const command *command, trainee *t) {
    if ((t->network != NULL) == (t->model != NULL))
        return args_wrong(command, "name either a known network (such as lenet5) or a --model");
    if (t->network != NULL && oc_net_find(t->network) < 0)
        return args_wrong(command, "'%s' is no known network ('ocelli net' lists them)", t->network);
    if ((t->images_path == NULL || t->labels_path == NULL) && t->data == NULL)
        return args_wrong(command, "--data is missing, or --images and --labels");
    if ((t->eval_images == NULL) != (t->eval_labels == NULL) || (t->eval_images != NULL && t->data != NULL))
        return args_wrong(command, "--eval-images and --eval-labels go together, and with --images and --labels");
    return ARGS_GO_ON;
}

static int check(const command *command, trainee *t, const arg_list *arguments) {
    t->network = arguments->count > 0 ? arguments->items[0] : NULL;
    int code = check_data(command, t);
    if (code == ARGS_GO_ON)
        code = check_names(command, t);
    if (code != ARGS_GO_ON)
        return code;
    if (t->epochs < 0 || t->steps < 0 || (t->epochs > 0 && t->steps > 0))
        return args_wrong(command, "give a number of --epochs or of --steps");
    if (t->batch < 1 || t->accumulate < 1)
        return args_wrong(command, "--batch and --accumulate want at least 1");
    if (t->shadow_steps < 0)
        return args_wrong(command, "--shadow-steps wants at least 1");
    if (t->epochs == 0 && t->steps == 0)
        t->epochs = 1;
    if (t->lr < 0)
        t->lr = strncmp(t->optimizer, "adam", 4) == 0 || strcmp(t->optimizer, "rmsprop") == 0 ? 0.001
                : strcmp(t->optimizer, "adagrad") == 0                                         ? 0.01
                                                                                               : 0.1;
    return ARGS_GO_ON;
}

static int run(const command *command, int argc, char **argv) {
    trainee t = {.loss = "softmax_cross_entropy", .optimizer = "sgd", .schedule = "constant", .batch = 64, .accumulate = 1, .lr = -1,
                 .schedule_factor = 0};
    arg_list arguments = {0};
    const option options[] = {
        {0, "data", "DIR", ARG_TEXT, &t.data, "folder of idx or idx.gz files in the form of MNIST; pixels are divided by 255"},
        {0, "model", "M.onnx", ARG_TEXT, &t.model, "train this model instead of a known network"},
        {0, "images", "X.npy", ARG_TEXT, &t.images_path, "images, f32 or u8 (divided by 255), samples first"},
        {0, "labels", "Y.npy", ARG_TEXT, &t.labels_path, "class numbers of i64, or wanted outputs of f32"},
        {0, "eval-images", "X.npy", ARG_TEXT, &t.eval_images, "other images, evaluated after each epoch"},
        {0, "eval-labels", "Y.npy", ARG_TEXT, &t.eval_labels, "their labels"},
        {0, "outputs", "N", ARG_INTEGER, &t.outputs, "of a known network (default: the number of classes, at least 10)"},
        {0, "freeze", "PATTERN", ARG_LIST, &t.freeze, "leave parameters of such names alone; * is any text, ? one letter"},
        {0, "loss", "NAME", ARG_TEXT, &t.loss, "softmax_cross_entropy (default), mse, absolute, huber, binary_cross_entropy"},
        {0, "epochs", "N", ARG_INTEGER, &t.epochs, "train until N epochs have been made (default 1)"},
        {0, "steps", "N", ARG_INTEGER, &t.steps, "or until N steps have been made"},
        {0, "batch", "N", ARG_INTEGER, &t.batch, "samples a batch (default 64)"},
        {0, "accumulate", "N", ARG_INTEGER, &t.accumulate, "batches a step, whose gradients are summed (default 1)"},
        {0, "shadow-steps", "N", ARG_INTEGER, &t.shadow_steps, "copy the state to the host every N steps; a device that fails costs no more"},
        {0, "sync-norm", NULL, ARG_FLAG, &t.sync_norm, "several devices: batch normalization by the statistics of the whole batch"},
        {0, "optimizer", "NAME", ARG_TEXT, &t.optimizer, "sgd (default), adam, adamw, adagrad or rmsprop"},
        {0, "lr", "X", ARG_NUMBER, &t.lr, "learning rate (default: sgd 0.1, adagrad 0.01, others 0.001)"},
        {0, "schedule", "NAME", ARG_TEXT, &t.schedule, "of the rate: constant (default), step, exponential, cosine, linear"},
        {0, "schedule-steps", "N", ARG_INTEGER, &t.schedule_steps, "until the factor is reached; of step: between two"},
        {0, "schedule-factor", "X", ARG_NUMBER, &t.schedule_factor, "what the rate is multiplied by (default 0)"},
        {0, "warmup", "N", ARG_INTEGER, &t.warmup, "steps in which the rate rises at first (default 0)"},
        {0, "momentum", "X", ARG_NUMBER, &t.momentum, "of sgd and rmsprop (default 0)"},
        {0, "nesterov", NULL, ARG_FLAG, &t.nesterov, "Nesterov's form of momentum"},
        {0, "weight-decay", "X", ARG_NUMBER, &t.weight_decay, "L2 on all parameters (default 0)"},
        {0, "l1", "X", ARG_NUMBER, &t.l1, "L1 on all parameters (default 0)"},
        {0, "clip-value", "X", ARG_NUMBER, &t.clip_value, "hold each gradient in -X ... X (default: not)"},
        {0, "clip-norm", "X", ARG_NUMBER, &t.clip_norm, "hold the norm of all gradients together to X (default: not)"},
        {0, "seed", "N", ARG_INTEGER, &t.seed, "of first values and shuffling (default 0)"},
        {0, "no-shuffle", NULL, ARG_FLAG, &t.no_shuffle, "take the samples in their order"},
        {0, "save", "OUT.onnx", ARG_TEXT, &t.save, "write the trained model, and read it back to compare its answers"},
        {0, "checkpoint", "FILE", ARG_TEXT, &t.checkpoint, "write all state after each epoch, and at the end"},
        {0, "resume", "FILE", ARG_TEXT, &t.resume, "go on from such a file, as if training had never stopped"},
        {0, "dump-gradients", "DIR", ARG_TEXT, &t.gradients, "write the first step's gradients as DIR/PARAMETER.npy"},
        DEVICE_LIST_OPTION(t.app),
        JSON_OPTION(t.app),
        APP_OPTIONS(t.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON)
        code = check(command, &t, &arguments);
    if (code == ARGS_GO_ON)
        code = work(&t);
    trainee_free(&t);
    app_close(&t.app);
    args_free(&arguments);
    return code;
}

const command train_command = {
    "train", "[NETWORK | --model M.onnx] [--data DIR | --images X.npy --labels Y.npy]", "train a network",
    "NETWORK is one of 'ocelli net', made for the images' size and channels.\n"
    "A line an epoch; losses are means over its samples. With --data the test images are evaluated after each epoch, with\n"
    "--eval-images those.\n"
    "A model saved here holds what classify needs: scale, color, and the labels of DIR/labels.txt.\n"
    "JSON: a line an epoch, {\"epoch\",\"step\",\"train_loss\",\"test_loss\",\"test_accuracy\",\"seconds\",\n"
    "\"images_per_second\"}.\n",
    run, 0, 1};
