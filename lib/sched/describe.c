/* SPDX-License-Identifier: Apache-2.0 */
/* Machines in words (docs/placement.md): a line a device or link,
 *
 *     device NAME [x COUNT] flops=500G bytes=40G [launch=5u] [wait=20u] [memory=16G] [host=8G/10u]
 *     link NAME NAME rate=25G [latency=5u]
 *
 * where NAME of a link stands for all devices that begin with it. Devices without a link between them talk through the host. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sched/machine.h"

#define MOST_DEVICES 4096
#define WORD 64

typedef struct reader {
    oc_context *context;
    const char *path;
    int line;
    const char *at, *end; /* of the line */
    oc__speed *speeds;
    size_t count, capacity;
    struct link {
        char from[WORD], to[WORD];
        double rate, latency;
    } *links;
    size_t link_count, link_capacity;
} reader;

static oc_status wrong(const reader *r, oc_error *err, const char *what) {
    return oc__fail(r->context, err, OC_ERROR_FORMAT, "%s, line %d: %s", r->path, r->line, what);
}

static bool next_word(reader *r, char word[WORD]) {
    size_t size = 0;
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
    if (r->at >= r->end || *r->at == '#')
        return false;
    while (r->at < r->end && *r->at != ' ' && *r->at != '\t' && *r->at != '\r') {
        if (size + 1 < WORD)
            word[size++] = *r->at;
        r->at++;
    }
    word[size] = 0;
    return true;
}

/* "25G", "5u", "1.5T": above 0. */
static bool parse_amount(const char *text, const char **end, double *value) {
    static const char letters[] = "kMGTPmun";
    static const double factors[] = {1e3, 1e6, 1e9, 1e12, 1e15, 1e-3, 1e-6, 1e-9};
    if (!oc__parse_double(text, end, value) || !(*value > 0) || isinf(*value))
        return false;
    const char *letter = **end ? strchr(letters, **end) : NULL;
    if (letter) {
        *value *= factors[letter - letters];
        ++*end;
    }
    return true;
}

static bool parse_setting(const char *word, const char *name, double *value) {
    size_t size = strlen(name);
    const char *end;
    return !strncmp(word, name, size) && word[size] == '=' && parse_amount(word + size + 1, &end, value) && !*end;
}

static bool parse_host(const char *word, oc__speed *speed) {
    const char *end;
    if (strncmp(word, "host=", 5) || !parse_amount(word + 5, &end, &speed->host_rate))
        return false;
    return !*end || (*end == '/' && parse_amount(end + 1, &end, &speed->host_latency) && !*end);
}

static oc_status read_device(reader *r, oc_error *err) {
    char word[WORD], name[WORD];
    oc__speed speed = {.launch = 5e-6, .wait = 20e-6, .host_latency = 10e-6, .host_rate = 10e9, .compute_factor = 1, .memory_factor = 1};
    double memory = 0, copies = 1;
    if (!next_word(r, name))
        return wrong(r, err, "a device needs a name");
    while (next_word(r, word)) {
        const char *end;
        if (!strcmp(word, "x")) {
            if (!next_word(r, word) || !parse_amount(word, &end, &copies) || *end || copies != floor(copies))
                return wrong(r, err, "x wants a whole number of devices");
        } else if (!parse_setting(word, "flops", &speed.flops) && !parse_setting(word, "bytes", &speed.bytes) &&
                   !parse_setting(word, "launch", &speed.launch) && !parse_setting(word, "wait", &speed.wait) &&
                   !parse_setting(word, "memory", &memory) && !parse_host(word, &speed)) {
            return wrong(r, err, "a device has flops=, bytes=, launch=, wait=, memory=, host=RATE/LATENCY, each a number above 0");
        }
    }
    if (!(speed.flops > 0) || !(speed.bytes > 0))
        return wrong(r, err, "a device needs flops= and bytes=");
    if (copies + (double)r->count > MOST_DEVICES)
        return wrong(r, err, "more than 4096 devices");
    speed.memory = memory < 1e18 ? (uint64_t)memory : 0;
    for (int i = 0; i < (int)copies; i++) {
        if (copies > 1)
            snprintf(speed.name, sizeof(speed.name), "%s%d", name, i);
        else
            snprintf(speed.name, sizeof(speed.name), "%s", name);
        if (!OC_ARRAY_PUSH(r->context, r->speeds, r->count, r->capacity, speed))
            return oc__fail_memory(r->context, err, sizeof(speed));
    }
    return OC_OK;
}

static bool is_named(const reader *r, const char *name) {
    for (size_t d = 0; d < r->count; d++)
        if (!strncmp(r->speeds[d].name, name, strlen(name)))
            return true;
    return false;
}

static oc_status read_link(reader *r, oc_error *err) {
    struct link link = {.latency = 5e-6};
    char word[WORD];
    if (!next_word(r, link.from) || !next_word(r, link.to) || !is_named(r, link.from) || !is_named(r, link.to))
        return wrong(r, err, "a link needs the names of two devices that were described before");
    while (next_word(r, word))
        if (!parse_setting(word, "rate", &link.rate) && !parse_setting(word, "latency", &link.latency))
            return wrong(r, err, "a link has rate= and latency=, each a number above 0");
    if (!(link.rate > 0))
        return wrong(r, err, "a link needs rate=");
    return OC_ARRAY_PUSH(r->context, r->links, r->link_count, r->link_capacity, link) ? OC_OK
                                                                                       : oc__fail_memory(r->context, err, sizeof(link));
}

static oc_status read_lines(reader *r, const char *text, size_t size, oc_error *err) {
    char word[WORD];
    for (const char *at = text, *last = text + size; at < last; at = r->end + 1) {
        r->line++;
        r->at = at;
        r->end = memchr(at, '\n', (size_t)(last - at));
        r->end = r->end ? r->end : last;
        if (memchr(r->at, 0, (size_t)(r->end - r->at)))
            return wrong(r, err, "a zero byte is in no text");
        if (!next_word(r, word))
            continue;
        if (!strcmp(word, "device"))
            OC_TRY(read_device(r, err));
        else if (!strcmp(word, "link"))
            OC_TRY(read_link(r, err));
        else
            return wrong(r, err, "a line begins with device, link or #");
    }
    return r->count ? OC_OK : wrong(r, err, "no device is described");
}

static bool joins(const struct link *link, const char *a, const char *b) {
    return !strncmp(a, link->from, strlen(link->from)) && !strncmp(b, link->to, strlen(link->to));
}

/* The last link that fits holds. */
static void connect(const reader *r, oc__machine *m) {
    for (size_t a = 0; a < r->count; a++)
        for (size_t b = 0; b < r->count; b++) {
            const oc__speed *from = &r->speeds[a], *to = &r->speeds[b];
            double latency = from->wait + from->host_latency + to->host_latency, rate = 1 / (1 / from->host_rate + 1 / to->host_rate);
            for (size_t i = 0; i < r->link_count; i++)
                if (joins(&r->links[i], from->name, to->name) || joins(&r->links[i], to->name, from->name)) {
                    latency = r->links[i].latency;
                    rate = r->links[i].rate;
                }
            m->latency[a * r->count + b] = a == b ? 0 : latency;
            m->rate[a * r->count + b] = rate;
        }
}

oc_status oc__machine_read(oc__machine *machine, oc_context *context, const char *path, oc_error *err) {
    oc__mapping file;
    reader r = {.context = context, .path = path};
    OC_TRY(oc__file_map(context, path, &file, err));
    oc_status status = read_lines(&r, (const char *)file.data, (size_t)file.size, err);
    oc__file_unmap(context, &file);
    if (status == OC_OK)
        status = oc__machine_init(machine, context, r.count, err);
    if (status == OC_OK) {
        memcpy(machine->speeds, r.speeds, r.count * sizeof(*r.speeds));
        connect(&r, machine);
    }
    oc__free(context, r.speeds);
    oc__free(context, r.links);
    return status;
}
