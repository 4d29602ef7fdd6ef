import { type ConfEdit, editCorosyncConf, presentValues } from "./corosync-edit.ts";
import type { TotemSettings } from "./totem.ts";

/** The keys that tuning sets; those that it takes out follow from the token again. */
const TOTEM_KEYS = ["token", "token_coefficient", "token_retransmits_before_loss_const", "knet_mtu"] as const;
const DERIVED_KEYS = ["token_retransmit", "consensus", "hold"] as const;
const LINK_KEYS = ["knet_ping_interval", "knet_ping_timeout"] as const;

/** What these settings ask of corosync.conf. */
export function settingsEdit(settings: TotemSettings): ConfEdit {
  return {
    totem: {
      ...Object.fromEntries(DERIVED_KEYS.map((key) => [key, null])),
      ...Object.fromEntries(TOTEM_KEYS.map((key) => [key, settings[key]])),
    },
    link: Object.fromEntries(LINK_KEYS.map((key) => [key, settings[key] ?? null])),
  };
}

/** The texts that a tuning moves between: config_version is one higher in each than in the one before. */
export interface TuneTexts {
  readonly old: string;
  readonly new: string;
  /** The old settings again. */
  readonly back: string;
}

/**
 * The three texts, and the values that the edit replaces. A file without config_version counts as version 0.
 * @throws UserError E_COROSYNC_CONF, E_COROSYNC_LINKS.
 */
export function tuneTexts(old: string, edit: ConfEdit): { texts: TuneTexts; replaced: ConfEdit } {
  const version = { totem: { config_version: null }, link: {} };
  const now = presentValues(old, version).totem.config_version ?? 0;
  const at = (text: string, number: number) =>
    editCorosyncConf(text, { totem: { config_version: number }, link: {} });
  return {
    texts: { old, new: at(editCorosyncConf(old, edit), now + 1), back: at(old, now + 2) },
    replaced: presentValues(old, edit),
  };
}
