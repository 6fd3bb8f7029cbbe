/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"

static void print_log(void *user, oc_log_level level, const char *text) {
    static const char *const names[] = {"", "error", "warning", "info", "debug"};
    bool verbose = *(const bool *)user;
    if (level == OC_LOG_WARNING || verbose) /* errors are said by the command itself */
        fprintf(stderr, "ocelli: %s: %s\n", names[level], text);
}

bool app_begin(app *app) {
    oc_error err = {0};
    const oc_log log = {app->verbose ? OC_LOG_DEBUG : OC_LOG_WARNING, print_log, &app->verbose};
    if (oc_context_create(&app->context, &(oc_context_params){.log = &log, .disable = app->disable}, &err) == OC_OK)
        return true;
    app_fail(&err);
    return false;
}

bool app_open(app *app) {
    oc_error err = {0};
    if (!app_begin(app))
        return false;
    if (oc_device_create_list(app->devices, MOST_DEVICES, &app->device_count, app->context, app->device_text, &err) == OC_OK) {
        app->device = app->devices[0];
        return true;
    }
    app_fail(&err);
    return false;
}

bool app_place(app *app, oc_plan_params *params) {
    params->policy = app->policy != NULL ? app->policy : app->device_count > 1 ? "auto" : NULL;
    params->wait_limit = app->wait_limit;
    params->half_weights = app->half_weights;
    if (app->pins.count == 0)
        return true;
    app->pin_list = calloc(app->pins.count, sizeof(*app->pin_list));
    if (app->pin_list == NULL) {
        app_say("out of memory");
        return false;
    }
    for (size_t i = 0; i < app->pins.count; i++) {
        char *text = strdup(app->pins.items[i]), *equals = text != NULL ? strrchr(text, '=') : NULL, *end = NULL;
        app->pin_list[i] = (oc_pin){text, equals != NULL ? strtoul(equals + 1, &end, 10) : 0};
        if (equals == NULL || equals == text || end == equals + 1 || *end != 0) {
            app_say("--pin wants PATTERN=N, not '%s'", app->pins.items[i]);
            return false;
        }
        *equals = 0;
    }
    params->pins = app->pin_list;
    params->pin_count = app->pins.count;
    return true;
}

void app_close(app *app) {
    for (size_t i = 0; i < app->device_count; i++)
        oc_device_destroy(&app->devices[i]);
    app->device = NULL;
    for (size_t i = 0; app->pin_list != NULL && i < app->pins.count; i++)
        free((char *)app->pin_list[i].pattern);
    free(app->pin_list);
    args_free(&app->pins);
    oc_context_destroy(&app->context);
}

int app_fail(const oc_error *err) {
    fprintf(stderr, "ocelli: %s\n", err->text[0] != 0 ? err->text : oc_status_text(err->status));
    return EXIT_FAILED;
}

int app_say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("ocelli: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_FAILED;
}

double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double median_of(double *values, size_t count) {
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof(*values), compare);
    return count % 2 == 1 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

bool parse_dims(const command *command, const arg_list *list, oc_dim_binding **out) {
    oc_dim_binding *dims = calloc(list->count + 1, sizeof(*dims));
    bool fine = dims != NULL;
    for (size_t i = 0; fine && i < list->count; i++) {
        const char *equals = strrchr(list->items[i], '=');
        char *end = NULL;
        long long size = equals != NULL ? strtoll(equals + 1, &end, 10) : -1;
        fine = equals != NULL && equals != list->items[i] && end != equals + 1 && *end == 0 && size >= 0;
        if (fine)
            dims[i] = (oc_dim_binding){strndup(list->items[i], (size_t)(equals - list->items[i])), size};
        else
            args_wrong(command, "--dim wants NAME=SIZE, not '%s'", list->items[i]);
    }
    if (!fine)
        free_dims(dims, list->count);
    else
        *out = dims;
    return fine;
}

void free_dims(oc_dim_binding *dims, size_t count) {
    for (size_t i = 0; dims != NULL && i < count; i++)
        free((char *)dims[i].name);
    free(dims);
}

const char *shape_text(const oc_shape *shape, char *buffer) {
    size_t used = (size_t)sprintf(buffer, "(");
    for (int i = 0; i < shape->rank; i++)
        used += (size_t)sprintf(buffer + used, i == 0 ? "%lld" : ", %lld", (long long)shape->dims[i]);
    sprintf(buffer + used, ")");
    return buffer;
}

void json_shape(const oc_shape *shape) {
    json_open('[');
    for (int i = 0; i < shape->rank; i++)
        json_integer(shape->dims[i]);
    json_close();
}

static double half_value(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31  ? (fraction != 0 ? NAN : INFINITY)
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 != 0 ? -value : value;
}

static double bf16_value(uint16_t bits) {
    uint32_t word = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &word, sizeof(value));
    return value;
}

double tensor_element(const oc_tensor *tensor, int64_t index) {
    const void *data = oc_tensor_get_data(tensor);
    switch (oc_tensor_get_dtype(tensor)) {
    case OC_F32:
        return ((const float *)data)[index];
    case OC_F16:
        return half_value(((const uint16_t *)data)[index]);
    case OC_I32:
        return ((const int32_t *)data)[index];
    case OC_I64:
        return (double)((const int64_t *)data)[index];
    case OC_F64:
        return ((const double *)data)[index];
    case OC_BF16:
        return bf16_value(((const uint16_t *)data)[index]);
    case OC_I8:
        return ((const int8_t *)data)[index];
    case OC_I16:
        return ((const int16_t *)data)[index];
    case OC_U16:
        return ((const uint16_t *)data)[index];
    case OC_U32:
        return ((const uint32_t *)data)[index];
    case OC_U64:
        return (double)((const uint64_t *)data)[index];
    default:
        return ((const uint8_t *)data)[index];
    }
}

tensor_range tensor_range_of(const oc_tensor *tensor) {
    tensor_range range = {INFINITY, -INFINITY, 0, 0};
    int64_t count = oc_tensor_get_count(tensor);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        double value = tensor_element(tensor, i);
        range.nans += isnan(value);
        range.min = fmin(range.min, value);
        range.max = fmax(range.max, value);
        sum += value;
    }
    if (count == range.nans)
        range.min = range.max = NAN;
    range.mean = sum / (double)count;
    return range;
}

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* k / 1024 as half: exact, and every value can be written down. */
static uint16_t random_half(uint64_t bits) {
    int value = (int)(bits >> 54), exponent = 25;
    if (value == 0)
        return 0;
    while (value < 1024) {
        value *= 2;
        exponent--;
    }
    return (uint16_t)((exponent - 10) << 10 | (value & 1023));
}

void tensor_fill_random(oc_tensor *tensor, uint64_t seed) {
    void *data = oc_tensor_get_data(tensor);
    oc_dtype dtype = oc_tensor_get_dtype(tensor);
    for (int64_t i = 0; i < oc_tensor_get_count(tensor); i++) {
        uint64_t bits = next_random(&seed);
        switch (dtype) {
        case OC_F32:
            ((float *)data)[i] = (float)(bits >> 40) * 0x1p-24f;
            break;
        case OC_F64:
            ((double *)data)[i] = (double)(bits >> 40) * 0x1p-24;
            break;
        case OC_F16:
            ((uint16_t *)data)[i] = random_half(bits);
            break;
        case OC_BF16:
            ((uint16_t *)data)[i] = (uint16_t)(bits >> 63 != 0 ? 0x3f80 : 0);
            break;
        case OC_I64:
        case OC_U64:
            ((uint64_t *)data)[i] = bits >> 63;
            break;
        case OC_I32:
        case OC_U32:
            ((uint32_t *)data)[i] = (uint32_t)(bits >> 63);
            break;
        case OC_I16:
        case OC_U16:
            ((uint16_t *)data)[i] = (uint16_t)(bits >> 63);
            break;
        default:
            ((uint8_t *)data)[i] = (uint8_t)(bits >> 63);
        }
    }
}
