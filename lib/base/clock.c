/* SPDX-License-Identifier: Apache-2.0 */
/* Time. */
#include "base/base.h"

#include <time.h>

double oc__clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
