package status

// countedFiles have a counter in .version, by which services know when to read them again.
var countedFiles = []string{
	"corosync.conf",
	"corosync.conf.new",
	"datacenter.cfg",
	"domains.cfg",
	"firewall/cluster.fw",
	"ha/crm_commands",
	"ha/fence.cfg",
	"ha/groups.cfg",
	"ha/manager_status",
	"ha/resources.cfg",
	"ha/rules.cfg",
	"jobs.cfg",
	"notifications.cfg",
	"priv/notifications.cfg",
	"priv/shadow.cfg",
	"priv/tfa.cfg",
	"priv/token.cfg",
	"replication.cfg",
	"status.cfg",
	"storage.cfg",
	"user.cfg",
	"vzdump.cron",
}
