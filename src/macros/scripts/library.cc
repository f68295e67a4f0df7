#include "macros/scripts/library.h"

#include <algorithm>

#include "base/span.h"
#include "base/try.h"
#include "macros/rules/safety_profile.h"

namespace gk::macros {
namespace {

Error bad_name(const std::string& name) {
  return {Errc::invalid_argument,
          "name: expected a-z, 0-9, _ and -, 1 to 64 characters, got \"" + name + "\""};
}
std::string path_of(std::size_t i) { return "scripts[" + std::to_string(i) + "]"; }
Error at(const std::string& path, const Error& error) {
  return {error.code, path + ": " + error.message};
}
// A start at night that can only be refused is told when it is asked for. Who is disabled may stay
// so: settings that an older version took can still be switched off.
void check_schedule(const LibraryEntry& entry, Complaints& complaints) {
  const ScriptSettings& settings = entry.script.settings;
  if (!settings.enabled || settings.schedule_json.empty()) return;
  if (!entry.needs_game || !entry.game.empty()) return;
  complaints.emplace_back("game",
                          "expected the name of a game: the macro acts on one, names none, and its "
                          "schedule starts it without");
}
Error busy(const std::string& name) {
  return {Errc::failed_precondition, "another change of " + name + " is being written; try again"};
}

}  // namespace

ScriptLibrary::ScriptLibrary(ScriptStore& store, const Clock& clock, Log& log, WorkerPool& pool,
                             net::Loop& loop, LuaCheck lua_check)
    : store_(store),
      clock_(clock),
      log_(log),
      pool_(pool),
      loop_(loop),
      lua_check_(std::move(lua_check)) {}

LibraryEntry ScriptLibrary::read(Script script, Complaints& complaints) {
  LibraryEntry out;
  if (script.kind == ScriptKind::steps) {
    const auto program = read_steps(script.source, complaints);
    if (program != nullptr) {
      if (program->actions.empty()) complaints.emplace_back("actions", "expected at least one");
      out.description = program->description;
      out.category = program->category;
      out.game = program->game;
      out.needs_game = needs_game(*program);
      out.program = program;
    }
  } else {
    const LuaHead head = read_lua_head(script.source, complaints);
    out.description = head.description;
    out.category = head.category;
    out.game = head.game;
    out.needs_game = lua_needs_game(head, script.source);
    auto steps = cancel_steps(head.on_cancel);
    if (steps) out.program = std::move(*steps);
    if (!steps) complaints.emplace_back("on_cancel", steps.error().message);
  }
  if (!complaints.empty()) out.program = nullptr;
  if (!script.settings.game.empty()) out.game = script.settings.game;
  out.script = std::move(script);
  return out;
}

void ScriptLibrary::restore(std::vector<Script> scripts) {
  for (Script& script : scripts) {
    Complaints complaints;
    const std::string name = script.name;
    entries_[name] = read(std::move(script), complaints);
    if (complaints.empty()) continue;
    log_.warn("script.unreadable", "A stored macro cannot be read by this version",
              {{"script", name}, {"why", joined(complaints)}});
  }
}

const LibraryEntry* ScriptLibrary::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

// Looks at the text's length and whether it is another one, not into it: read() does.
Result<Script> ScriptLibrary::next_of(ScriptPut request) const {
  if (!valid_macro_id(request.name)) return bad_name(request.name);
  if (changing_.count(request.name) > 0) return busy(request.name);
  const LibraryEntry* present = find(request.name);
  Script out;
  if (present == nullptr) {
    if (!request.source || !request.kind) {
      return Error{Errc::not_found,
                   "no macro " + request.name + "; a new one needs kind and source"};
    }
    if (entries_.size() + changing_.size() >= ScriptLimits::kMaxScripts) {
      return Error{Errc::resource_exhausted, "the library holds at most 500 macros"};
    }
    out.name = request.name;
    out.created_at = clock_.wall();
    out.created_by = request.by;
    out.version = 0;
  } else {
    const Script& old = present->script;  // Its text may be long, and is mostly replaced.
    out = {
        .name = old.name, .kind = old.kind, .version = old.version, .source = {}, .settings = {}};
    out.created_at = old.created_at;
    out.created_by = old.created_by;
  }
  if (request.expected_version && *request.expected_version != out.version) {
    return Error{Errc::failed_precondition,
                 "expected version " + std::to_string(*request.expected_version) + " of " +
                     request.name + ", it is at " + std::to_string(out.version)};
  }
  if (request.source && request.source->size() > ScriptLimits::kMaxSourceBytes) {
    return Error{Errc::resource_exhausted, "source: longer than 256 KiB"};
  }
  const bool new_kind = request.kind && *request.kind != out.kind;
  if (request.source &&
      (present == nullptr || *request.source != present->script.source || new_kind)) {
    out.kind = request.kind.value_or(out.kind);
    ++out.version;
  } else if (new_kind) {
    return Error{Errc::invalid_argument, "kind: changes only together with source"};
  }
  if (request.source) {  // Not "?:", which would copy it.
    out.source = std::move(*request.source);
  } else {
    out.source = present->script.source;
  }
  out.settings = std::move(request.settings);
  out.changed_at = clock_.wall();
  out.changed_by = std::move(request.by);
  return out;
}

void ScriptLibrary::put(ScriptPut request, Done done) {
  auto next = next_of(std::move(request));
  if (!next) return done(next.error());
  Complaints complaints;
  LibraryEntry entry = read(std::move(*next), complaints);
  check_schedule(entry, complaints);
  if (!complaints.empty()) return done(Error{Errc::invalid_argument, joined(complaints)});
  auto batch = std::make_shared<Batch>();
  batch->scripts = std::make_shared<std::vector<Script>>();
  batch->scripts->push_back(std::move(entry.script));
  batch->entries.push_back(std::move(entry));
  check_lua_of(std::move(batch), 0,
               [this, alive = std::weak_ptr(alive_), done = std::move(done),
                span = PendingSpan(clock_, "script.save")](const Result<void>& saved) {
                 if (alive.expired()) return;
                 span.end_with(log_, clock_, saved);
                 done(saved);
               });
}

// One after the other: each Lua text goes to the checker, and only then are all of them stored.
void ScriptLibrary::check_lua_of(std::shared_ptr<Batch> batch, std::size_t from, Done done) {
  const std::vector<Script>& scripts = *batch->scripts;
  if (from == 0) {
    for (const Script& script : scripts) changing_.insert(script.name);
  }
  while (from < scripts.size() && (scripts[from].kind != ScriptKind::lua || !lua_check_)) ++from;
  if (from == scripts.size()) return store_all(std::move(batch), std::move(done));
  lua_check_(scripts[from].name, scripts[from].source,
             [this, alive = std::weak_ptr(alive_), batch, from,
              done = std::move(done)](const Result<void>& checked) mutable {
               if (alive.expired()) return;
               if (checked) return check_lua_of(std::move(batch), from + 1, std::move(done));
               for (const Script& script : *batch->scripts) changing_.erase(script.name);
               done(checked.error());
             });
}

void ScriptLibrary::store_all(std::shared_ptr<Batch> batch, Done done) {
  const auto shared = batch->scripts;
  store_.save(shared, [this, alive = std::weak_ptr(alive_), batch = std::move(batch),
                       done = std::move(done)](const Result<void>& saved) {
    if (alive.expired()) return;
    std::vector<Script>& scripts = *batch->scripts;  // The writer has read them.
    std::vector<std::string> names;
    for (const Script& script : scripts) {
      changing_.erase(script.name);
      names.push_back(script.name);
    }
    if (!saved) return done(saved.error());
    for (std::size_t i = 0; i < scripts.size(); ++i) {
      LibraryEntry& entry = batch->entries[i];
      entry.script = std::move(scripts[i]);
      log_.info("script.saved", "A macro of the library has changed",
                {{"script", names[i]},
                 {"version", entry.script.version},
                 {"by", entry.script.changed_by}});
      std::swap(entries_[names[i]], entry);
    }
    // What was replaced may be 65,000 actions: letting go of them takes the pool's time, not ours.
    auto replaced = std::make_shared<std::vector<LibraryEntry>>(std::move(batch->entries));
    if (names.size() > 1) (void)pool_.post([replaced = std::move(replaced)] {});
    for (const auto& name : names) changed_.publish({name, ScriptChanged::Kind::saved});
    done({});
  });
}

void ScriptLibrary::remove(const std::string& name, Done done) {
  if (find(name) == nullptr) return done(Error{Errc::not_found, "no macro " + name});
  if (!changing_.insert(name).second) return done(busy(name));
  store_.remove(name, [this, alive = std::weak_ptr(alive_), name,
                       done = std::move(done)](const Result<void>& removed) {
    if (alive.expired()) return;
    changing_.erase(name);
    if (!removed) return done(removed.error());
    entries_.erase(name);
    log_.info("script.removed", "A macro has left the library", {{"script", name}});
    changed_.publish({name, ScriptChanged::Kind::removed});
    done({});
  });
}

void ScriptLibrary::bring_back(const std::string& name, std::int64_t version, const std::string& by,
                               Done done) {
  if (find(name) == nullptr) return done(Error{Errc::not_found, "no macro " + name});
  store_.version(name, version,
                 [this, alive = std::weak_ptr(alive_), name, by,
                  done = std::move(done)](const Result<std::string>& source) mutable {
                   if (alive.expired()) return;
                   if (!source) return done(source.error());
                   const LibraryEntry* entry = find(name);
                   if (entry == nullptr) return done(Error{Errc::not_found, "no macro " + name});
                   // A version of the other kind is told by its text.
                   const bool lua = source->find_first_not_of(" \t\r\n") != std::string::npos &&
                                    (*source)[source->find_first_not_of(" \t\r\n")] != '{';
                   put({.name = name,
                        .kind = lua ? ScriptKind::lua : ScriptKind::steps,
                        .source = *source,
                        .settings = entry->script.settings,
                        .expected_version = {},
                        .by = by},
                       std::move(done));
                 });
}

void ScriptLibrary::versions(const std::string& name,
                             std::function<void(Result<std::vector<ScriptVersion>>)> done) {
  if (find(name) == nullptr) return done(Error{Errc::not_found, "no macro " + name});
  store_.versions(name, std::move(done));
}

void ScriptLibrary::version(const std::string& name, std::int64_t version,
                            std::function<void(Result<std::string>)> done) {
  store_.version(name, version, std::move(done));
}

void ScriptLibrary::check(ScriptKind kind, const std::string& name, const std::string& source,
                          CheckLevel level, std::function<void(CheckReport)> done) {
  CheckReport report =
      kind == ScriptKind::steps ? check_steps(source, level) : check_lua_text(source, level);
  if (kind == ScriptKind::steps || !lua_check_) return done(std::move(report));
  lua_check_(
      name, source,
      [this, alive = std::weak_ptr(alive_), report = std::move(report), done = std::move(done),
       span = PendingSpan(clock_, "script.check")](const Result<void>& checked) mutable {
        if (alive.expired()) return;
        span.end_with(log_, clock_, checked);
        if (!checked) report.errors.emplace_back("source", checked.error().message);
        report.valid = report.errors.empty();
        done(std::move(report));
      });
}

Result<std::string> ScriptLibrary::export_json(const std::vector<std::string>& names) const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("gamekeeper_macros", 1).key("scripts").begin_array();
  const auto put = [&w](const Script& script) {
    w.begin_object().field("name", script.name).field("kind", kind_name(script.kind));
    w.field("source", script.source);
    write_settings(w, script.settings);
    w.end_object();
  };
  for (const auto& name : names) {
    const LibraryEntry* entry = find(name);
    if (entry == nullptr) return Error{Errc::not_found, "no macro " + name};
    put(entry->script);
  }
  if (names.empty()) {
    for (const auto& [name, entry] : entries_) put(entry.script);
  }
  w.end_array().end_object();
  return out;
}

// Thread: any; it looks at nothing but the bundle.
Result<std::vector<ScriptLibrary::Draft>> ScriptLibrary::read_bundle(const JsonValue& bundle,
                                                                     const Import& how) {
  JsonReader top(bundle, "");
  std::int64_t format = 0;
  top.require("gamekeeper_macros");
  top.integer("gamekeeper_macros", format, 1, 1);
  const JsonValue* list = top.member("scripts");
  if (list == nullptr || !list->is_array() || list->as_array().empty() ||
      list->as_array().size() > ScriptLimits::kMaxScripts) {
    top.complain("scripts", "expected an array of 1 to 500 macros");
  }
  top.refuse_unknown();
  if (auto fine = top.result(); !fine) return fine.error();
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < list->as_array().size(); ++i) {
    const std::string path = path_of(i);
    JsonReader reader(list->as_array()[i], path);
    Draft draft{.put = {.by = how.by}, .read = {}};
    ScriptPut& put = draft.put;
    std::string kind;
    Script text;
    reader.require("name");
    reader.string("name", put.name, 64);
    reader.require("kind");
    reader.string("kind", kind, 8);
    reader.require("source");
    reader.string("source", text.source, ScriptLimits::kMaxSourceBytes);
    put.kind = parse_kind(kind);
    if (!put.kind && !kind.empty()) reader.complain("kind", "expected lua or steps");
    put.settings = read_settings(reader, {});
    if (how.keep_settings) check_zone(reader, put.settings);
    reader.refuse_unknown();
    if (auto fine = reader.result(); !fine) return fine.error();
    if (!how.keep_settings) {
      put.settings.enabled = false;
      put.settings.resume = false;
      put.settings.schedule_json.clear();
    }
    if (!valid_macro_id(put.name)) return at(path, bad_name(put.name));
    text.kind = *put.kind;
    text.settings = put.settings;
    Complaints complaints;
    draft.read = read(std::move(text), complaints);
    check_schedule(draft.read, complaints);
    if (!complaints.empty()) return at(path, {Errc::invalid_argument, joined(complaints)});
    put.source = std::move(draft.read.script.source);
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

void ScriptLibrary::import_json(JsonValue bundle, Import how, Imported done) {
  // Shared: the task is copied. What it holds is let go where it was read: that takes time too.
  auto given = std::make_shared<JsonValue>(std::move(bundle));
  const bool replace = how.replace;
  const auto posted =
      pool_.post([this, &loop = loop_, alive = std::weak_ptr(alive_), given = std::move(given),
                  how = std::move(how), replace, done]() mutable {
        auto drafts = std::make_shared<Result<std::vector<Draft>>>(read_bundle(*given, how));
        given.reset();
        loop.post([this, alive, drafts, replace, done] {
          if (alive.expired()) return;
          if (!*drafts) return done(drafts->error());
          import_drafts(std::move(**drafts), replace, done);
        });
      });
  if (!posted) done(posted.error());
}

void ScriptLibrary::import_drafts(std::vector<Draft> drafts, bool replace, const Imported& done) {
  auto batch = std::make_shared<Batch>();
  batch->scripts = std::make_shared<std::vector<Script>>();
  std::set<std::string, std::less<>> seen;
  std::vector<std::string> names;
  std::size_t added = 0;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const std::string path = path_of(i);
    const std::string name = drafts[i].put.name;
    if (find(name) == nullptr) {
      ++added;
    } else if (!replace) {
      return done(Error{Errc::already_exists, path + ": the library has a macro " + name});
    }
    if (!seen.insert(name).second) {
      return done(Error{Errc::invalid_argument, path + ": " + name + " comes twice"});
    }
    names.push_back(name);
    auto next = next_of(std::move(drafts[i].put));
    if (!next) return done(at(path, next.error()));
    batch->scripts->push_back(std::move(*next));
    batch->entries.push_back(std::move(drafts[i].read));
  }
  if (entries_.size() + changing_.size() + added > ScriptLimits::kMaxScripts) {
    return done(Error{Errc::resource_exhausted, "the library holds at most 500 macros"});
  }
  check_lua_of(std::move(batch), 0, [names = std::move(names), done](const Result<void>& stored) {
    if (!stored) return done(stored.error());
    done(names);
  });
}

std::string script_json(const LibraryEntry& entry, bool with_source) {
  const Script& script = entry.script;
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("name", script.name).field("kind", kind_name(script.kind));
  w.field("version", script.version).field("readable", entry.program != nullptr);
  w.field("description", entry.description).field("category", entry.category);
  w.field("runs_on", entry.game);
  write_settings(w, script.settings);
  w.field("created_at", script.created_at).field("created_by", script.created_by);
  w.field("changed_at", script.changed_at).field("changed_by", script.changed_by);
  w.field("bytes", script.source.size());
  if (with_source) w.field("source", script.source);
  w.end_object();
  return out;
}

}  // namespace gk::macros
