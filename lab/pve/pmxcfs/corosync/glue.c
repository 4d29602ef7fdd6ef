#include "glue.h"
#include "_cgo_export.h"

static void deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t node, uint32_t process,
                    void *payload, size_t length) {
  (void)group;
  goDeliver(handle, node, process, payload, length);
}

static void configure(cpg_handle_t handle, const struct cpg_name *group, const struct cpg_address *members,
                      size_t count, const struct cpg_address *left, size_t left_count,
                      const struct cpg_address *joined, size_t joined_count) {
  (void)group, (void)left, (void)left_count, (void)joined, (void)joined_count;
  goConfigure(handle, (struct cpg_address *)members, count);
}

static void ring(cpg_handle_t handle, struct cpg_ring_id id, uint32_t count, const uint32_t *members) {
  (void)count, (void)members;
  goRing(handle, id.seq);
}

cs_error_t glue_cpg_initialize(cpg_handle_t *handle) {
  cpg_model_v1_data_t model = {
      .model = CPG_MODEL_V1,
      .cpg_deliver_fn = deliver,
      .cpg_confchg_fn = configure,
      .cpg_totem_confchg_fn = ring,
      .flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
  };
  return cpg_model_initialize(handle, CPG_MODEL_V1, (cpg_model_data_t *)&model, NULL);
}

cs_error_t glue_cpg_send(cpg_handle_t handle, void *payload, size_t length) {
  struct iovec part = {.iov_base = payload, .iov_len = length};
  return cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1);
}

static void quorum(quorum_handle_t handle, uint32_t quorate, uint64_t ring_seq, uint32_t count,
                   uint32_t *members) {
  (void)ring_seq, (void)count, (void)members;
  goQuorum(handle, quorate);
}

cs_error_t glue_quorum_initialize(quorum_handle_t *handle) {
  quorum_callbacks_t callbacks = {.quorum_notify_fn = quorum};
  uint32_t type;
  return quorum_initialize(handle, &callbacks, &type);
}

static void changed(cmap_handle_t handle, cmap_track_handle_t track, int32_t event, const char *key,
                    struct cmap_notify_value new_value, struct cmap_notify_value old_value, void *user) {
  (void)track, (void)event, (void)key, (void)new_value, (void)old_value, (void)user;
  goConfigChanged(handle);
}

cs_error_t glue_cmap_track(cmap_handle_t handle, const char *key, cmap_track_handle_t *track) {
  return cmap_track_add(handle, key, CMAP_TRACK_ADD | CMAP_TRACK_MODIFY, changed, NULL, track);
}
