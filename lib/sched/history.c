/* SPDX-License-Identifier: Apache-2.0 */
/* What problems took on a device, as runs showed: the model that predicts others like them (history-based, as StarPU's). A line a
 * problem in the cache folder; what is not there is taken from its nearest neighbours of the same op. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched/machine.h"

#define KIND "history"
#define PREFIX "seen|"
#define NEIGHBOURS 6
#define MOST_BYTES ((size_t)1 << 20)
#define LOADED "history.loaded"

/* "microseconds estimate flops bytes solver" */
static bool parse_sample(const char *key, const char *value, oc__sample *out) {
    double numbers[4];
    for (int i = 0; i < 4; i++) {
        while (*value == ' ')
            value++;
        if (!oc__parse_double(value, &value, &numbers[i]) || !(numbers[i] >= 0) || isinf(numbers[i]))
            return false;
    }
    size_t op = strcspn(key, ":");
    if (!(numbers[0] > 0) || !(numbers[1] > 0) || op == 0 || op >= sizeof(out->op))
        return false;
    *out = (oc__sample){.key = key, .seconds = numbers[0] * 1e-6, .ratio = log(numbers[0] / numbers[1]), .flops = log2(1 + numbers[2]),
                        .bytes = log2(1 + numbers[3])};
    memcpy(out->op, key, op);
    oc__format(out->solver, sizeof(out->solver), "%s", value + (*value == ' '));
    return true;
}

/* Lines "key\tvalue". */
static void load_lines(oc_device *device, char *text) {
    char name[700];
    for (char *line = text, *next; *line; line = next) {
        char *end = line + strcspn(line, "\n"), *tab = memchr(line, '\t', (size_t)(end - line));
        next = *end ? end + 1 : end;
        *end = 0;
        if (!tab || (size_t)snprintf(name, sizeof(name), PREFIX "%.*s", (int)(tab - line), line) >= sizeof(name))
            continue;
        oc__device_note_set(device, name, tab + 1);
    }
}

static void load(oc_device *device) {
    char seen[8];
    oc__string text;
    if (oc__device_note_get(device, LOADED, seen, sizeof(seen)))
        return;
    oc__string_init(&text, oc__device_context(device));
    if (oc__cache_get(oc__device_context(device), KIND, oc__device_key(device), &text) && text.size && strlen(text.text) == text.size)
        load_lines(device, text.text);
    oc__string_finish(&text);
    oc__device_note_set(device, LOADED, "yes");
}

typedef struct collector {
    oc__arena *arena;
    oc__history *history;
    oc__string *text; /* or this: the file's lines */
    bool failed;
} collector;

static void visit(void *user, const char *key, const char *value) {
    collector *c = user;
    oc__sample sample;
    if (strncmp(key, PREFIX, strlen(PREFIX)))
        return;
    key += strlen(PREFIX);
    if (c->text && c->text->size < MOST_BYTES)
        oc__string_printf(c->text, "%s\t%s\n", key, value);
    if (c->text || !parse_sample(key, value, &sample))
        return;
    sample.key = oc__arena_strdup(c->arena, key);
    oc__history *h = c->history;
    c->failed = c->failed || !sample.key || !OC_ARRAY_PUSH(c->arena->context, h->samples, h->count, h->capacity, sample);
}

oc_status oc__history_read(oc__history *history, oc_device *device, oc__arena *arena, oc_error *err) {
    collector c = {.arena = arena, .history = history};
    *history = (oc__history){0};
    load(device);
    oc__device_note_each(device, visit, &c);
    return c.failed ? oc__fail_memory(arena->context, err, history->count * sizeof(*history->samples)) : OC_OK;
}

void oc__history_finish(oc__history *history, oc_context *context) {
    oc__free(context, history->samples);
    *history = (oc__history){0};
}

/* What disturbs a run only makes it slower: less time is believed at once, more time little by little. */
static double settle(double before, double now) {
    return now < before ? now : before * pow(fmin(now / before, 1.5), 0.25);
}

void oc__history_add(oc_device *device, const char *key, double seconds, double estimate, const oc__cost *cost, const char *solver) {
    char name[700], value[200], numbers[4][32];
    double all[] = {seconds * 1e6, estimate * 1e6, cost->flops, cost->bytes};
    oc__sample before;
    load(device);
    bool fits = (size_t)snprintf(name, sizeof(name), PREFIX "%s", key) < sizeof(name) && !strpbrk(key, "\t\n");
    if (fits && oc__device_note_get(device, name, value, sizeof(value)) && parse_sample(key, value, &before) &&
        !strcmp(before.solver, solver))
        all[0] = 1e6 * settle(before.seconds, seconds);
    for (int i = 0; i < 4; i++)
        oc__format_double(numbers[i], sizeof(numbers[i]), all[i]);
    snprintf(value, sizeof(value), "%s %s %s %s %s", numbers[0], numbers[1], numbers[2], numbers[3], solver);
    if (seconds > 0 && estimate > 0 && fits)
        oc__device_note_set(device, name, value);
}

void oc__history_save(oc_device *device) {
    oc__string text;
    oc__string_init(&text, oc__device_context(device));
    collector c = {.text = &text};
    oc__device_note_each(device, visit, &c);
    if (!text.failed)
        oc__cache_put(oc__device_context(device), KIND, oc__device_key(device), text.text, text.size);
    oc__string_finish(&text);
}

static double distance(const oc__sample *sample, const oc__sample *wanted) {
    return fabs(sample->flops - wanted->flops) + fabs(sample->bytes - wanted->bytes) + (strcmp(sample->solver, wanted->solver) ? 2 : 0);
}

const oc__sample *oc__history_find(const oc__history *history, const char *key, const char *solver) {
    for (size_t i = 0; i < history->count; i++)
        if (!strcmp(history->samples[i].key, key) && (!solver || !strcmp(history->samples[i].solver, solver)))
            return &history->samples[i];
    return NULL;
}

typedef struct neighbour {
    double distance, ratio;
} neighbour;

/* The samples of the op that are nearest, nearest first. */
static int find_nearest(const oc__history *history, const char *key, const oc__sample *wanted, neighbour nearest[NEIGHBOURS]) {
    size_t op = strcspn(key, ":");
    int count = 0;
    for (size_t i = 0; i < history->count; i++) {
        const oc__sample *s = &history->samples[i];
        if (strlen(s->op) != op || memcmp(s->op, key, op))
            continue;
        double d = distance(s, wanted);
        int at = count < NEIGHBOURS ? count++ : NEIGHBOURS;
        for (; at > 0 && nearest[at - 1].distance > d; at--)
            if (at < NEIGHBOURS)
                nearest[at] = nearest[at - 1];
        if (at < NEIGHBOURS)
            nearest[at] = (neighbour){d, s->ratio};
    }
    return count;
}

static int by_ratio(const void *a, const void *b) {
    double left = ((const neighbour *)a)->ratio, right = ((const neighbour *)b)->ratio;
    return (left > right) - (left < right);
}

/* Near ones weigh more. No mean: one that was measured while its thread had to wait would spoil it. */
static double median_ratio(neighbour *nearest, int count) {
    double all = 0, sum = 0;
    int i = 0;
    for (int k = 0; k < count; k++)
        all += 1 / (0.25 + nearest[k].distance);
    qsort(nearest, (size_t)count, sizeof(*nearest), by_ratio);
    for (; i + 1 < count; i++) {
        sum += 1 / (0.25 + nearest[i].distance);
        if (sum >= all / 2)
            break;
    }
    return nearest[i].ratio;
}

double oc__history_predict(const oc__history *history, const char *key, double estimate, const oc__cost *cost, const char *solver,
                           double otherwise) {
    oc__sample wanted = {.flops = log2(1 + cost->flops), .bytes = log2(1 + cost->bytes)};
    neighbour nearest[NEIGHBOURS];
    const oc__sample *same = oc__history_find(history, key, solver);
    if (same)
        return same->seconds;
    oc__format(wanted.solver, sizeof(wanted.solver), "%s", solver);
    int count = find_nearest(history, key, &wanted, nearest);
    return estimate * (count ? exp(median_ratio(nearest, count)) : otherwise);
}
