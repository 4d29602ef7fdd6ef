// C side of the bindings: corosync calls back with the handle, Go finds its object by it.
#include <corosync/cmap.h>
#include <corosync/cpg.h>
#include <corosync/quorum.h>

cs_error_t glue_cpg_initialize(cpg_handle_t *handle);
cs_error_t glue_cpg_send(cpg_handle_t handle, void *payload, size_t length);
cs_error_t glue_quorum_initialize(quorum_handle_t *handle);
cs_error_t glue_cmap_track(cmap_handle_t handle, const char *key, cmap_track_handle_t *track);
