#include "backups/routes.h"

#include "base/json_writer.h"

namespace gk::backups {
namespace {

using api::Call;
using api::Reply;

void write(JsonWriter& w, const BackupService& service, const Backup& backup) {
  w.begin_object().field("name", backup.name).field("created_at", backup.created_at);
  w.field("bytes", backup.bytes).field("state", backup.ready ? "ready" : "running");
  w.field("scheduled", backup.scheduled);
  w.field("path", service.folder() + "/" + backup.name).end_object();
}

void list(BackupService& service, const Reply& reply) {
  service.list([&service, reply](Result<std::vector<Backup>> all) {
    if (!all) return reply.error(all.error());
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("items").begin_array();
    for (const Backup& backup : *all) write(w, service, backup);
    w.end_array().key("next_cursor").null().end_object();
    reply.json(std::move(out));
  });
}

void make(BackupService& service, const std::string& correlation_id, const Reply& reply) {
  const auto answer = [&service, reply](Result<Backup> made) {
    if (!made) return reply.error(made.error());
    std::string out;
    JsonWriter w(out);
    write(w, service, *made);
    reply.json(std::move(out), 201);
  };
  service.make(answer, Maker::person, correlation_id);
}

void add_schemas(api::Router& router) {
  router.add_schema(
      {"Backup",
       {{"name", "string", "When it was begun, UTC: 2026-11-28-105959; -scheduled follows", true},
        {"created_at", "time", "", true},
        {"bytes", "integer", "Of the databases; 0 while it is made", true},
        {"state", "running|ready", "ready: whole and checked", true},
        {"scheduled", "boolean", "By the schedule, which also removes it", true},
        {"path", "string", "Folder on the daemon's machine", true}}});
  router.add_schema(
      {"BackupList",
       {{"items", "#Backup[]", "Newest first", true}, {"next_cursor", "string", "", true, true}}});
}

}  // namespace

void add_backup_routes(api::Router& router, BackupService& service, Audit audit) {
  using net::Method;
  add_schemas(router);
  router.add({Method::get, "/backups", "admin:read", "Backups of the data folder", "", "BackupList",
              [&service](Call&, const Reply& reply) { list(service, reply); }});
  router.page_list("/backups", "name");
  router
      .add({Method::post, "/backups", "admin:write",
            "Make a consistent backup; answers 201 when it is whole and checked", "", "Backup",
            [&service, audit](Call& call, const Reply& reply) {
              audit({call.holder, "backup.create", "", call.correlation_id},
                    [&service, reply, id = call.correlation_id](const Result<void>& noted) {
                      if (!noted) return reply.error(noted.error());
                      make(service, id, reply);
                    });
            }})
      .answers({201});
  router
      .add({Method::del, "/backups/{name}", "admin:write", "Delete a backup", "", "",
            [&service, audit](Call& call, const Reply& reply) {
              const std::string name = call.param("name");
              audit({call.holder, "backup.delete", name, call.correlation_id},
                    [&service, reply, name](const Result<void>& noted) {
                      if (!noted) return reply.error(noted.error());
                      service.remove(name, [reply](const Result<void>& gone) {
                        if (!gone) return reply.error(gone.error());
                        reply.response({.status = 204});
                      });
                    });
            }})
      .answers({204});
}

}  // namespace gk::backups
