/* SPDX-License-Identifier: Apache-2.0 */
/* The host's copy of a trainer's state (oc_trainer_params.shadow_steps); without it, all of this does nothing. */
#ifndef OC_SHADOW_H
#define OC_SHADOW_H

#include "train/trainer.h"

/* The copy is the state as it is now. */
bool oc__shadow_is_here(const oc_trainer *trainer);
/* Before steps on one data set, or before one of samples that the caller gives `one_by_one`: a copy from which they can be repeated. */
oc_status oc__shadow_begin(oc_trainer *trainer, bool one_by_one, oc_error *err);
/* After a step: a new copy, if it is time or `now`. */
oc_status oc__shadow_end(oc_trainer *trainer, bool now, oc_error *err);
/* A step has failed, or a copy: back to the last one, without the device that failed where there are others. `why` is passed on where
 * that cannot be done. */
oc_status oc__shadow_return(oc_trainer *trainer, const oc_error *why, oc_error *err);
/* oc_trainer_step(), with the steps before it repeated where a device fails. */
oc_status oc__shadow_step(oc_trainer *trainer, const oc_tensor *images, const oc_tensor *labels, double *loss, oc_error *err);
/* What steps depend on was changed: the copy is of no more use. */
void oc__shadow_forget(oc_trainer *trainer);
void oc__shadow_finish(oc_trainer *trainer);

#endif
