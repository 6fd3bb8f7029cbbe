/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file event.h
 * Something that will have happened: what enqueued work can be waited for by.
 *
 * Threads: an event may be waited for by several threads.
 */
#ifndef OCELLI_EVENT_H
#define OCELLI_EVENT_H

#include <ocelli/error.h>

/** Something enqueued, to be waited for. Opaque. */
typedef struct oc_event oc_event;

OC_BEGIN

/** Waits until the work behind an event is done; an error of that work is returned here. NULL is done. */
OC_EXPORT OC_MUST_USE oc_status oc_event_wait(oc_event *event, oc_error *err);

/** Destroys an event and sets *event to NULL; the work goes on. NULL and *NULL are accepted. */
OC_EXPORT void oc_event_destroy(oc_event **event);

OC_END

#endif
