#include "arbiter/service/lane_socket.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "arbiter/service/lane_identity.h"
#include "base/error_codes.h"
#include "base/try.h"

namespace gk::arbiter {
namespace {

constexpr JsonLimits kMessage{.max_depth = 4, .max_bytes = 4096, .max_values = 64};
constexpr double kLongest = 3600;  // Source: the range of wait_timeout, seconds

/// The executable of a process; empty when it may not be read (another user's, or gone).
std::string program_of(int pid) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/exe", pid);
  std::array<char, 1025> target{};
  const ssize_t n = ::readlink(path.data(), target.data(), target.size() - 1);
  return n > 0 && n < 1024 ? std::string(target.data(), static_cast<std::size_t>(n)) : "";
}

double seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

std::optional<Nanos> nanos_of(std::optional<double> value) {
  if (!value) return std::nullopt;
  return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(*value));
}

/// The members that a message may have; complaints become one error.
struct Fields {
  explicit Fields(const JsonValue& body) : reader(body, "") {
    reader.string("op", op, 16);
    reader.integer("id", id, 0, std::int64_t{1} << 53);
  }
  void lane_and_token() {
    reader.require("lane");
    reader.string("lane", lane, 64);
    reader.require("token");
    reader.integer("token", token, 0, std::int64_t{1} << 53);
  }
  Result<void> done() {
    reader.refuse_unknown();
    return reader.result();
  }

  JsonReader reader;
  std::string op, lane;
  std::int64_t id = 0, token = 0;
};

/// A time that may be absent.
std::optional<double> time_of(JsonReader& reader, std::string_view key) {
  const JsonValue* member = reader.member(key);
  if (member == nullptr || member->is_null()) return std::nullopt;
  double value = 0;
  reader.number(key, value, 0.001, kLongest);
  return value;
}

}  // namespace

LaneSocket::LaneSocket(const LaneSocketOptions& options, net::Loop& loop, Log& log,
                       Metrics& metrics, LaneService& service)
    : options_(options),
      loop_(loop),
      log_(log),
      service_(service),
      connected_(metrics.gauge("gamekeeper_lane_clients", "Connections to the socket of lanes")),
      refused_(metrics.counter("gamekeeper_lane_refused_total",
                               "Messages on the socket of lanes that were refused")) {}

LaneSocket::~LaneSocket() {
  for (const auto& [owner, client] : owners_) service_.drop(owner);
}

Result<std::unique_ptr<LaneSocket>> LaneSocket::create(const LaneSocketOptions& options,
                                                       const std::string& path, net::Loop& loop,
                                                       Log& log, Metrics& metrics,
                                                       LaneService& service) {
  std::unique_ptr<LaneSocket> socket(new LaneSocket(options, loop, log, metrics, service));
  LaneSocket* self = socket.get();
  net::PacketHandlers handlers{
      .on_open = [self](net::PacketClientId id, const net::Peer& peer) { self->on_open(id, peer); },
      .on_packet = [self](net::PacketClientId id,
                          const net::Packet& packet) { self->on_packet(id, packet); },
      .on_close = [self](net::PacketClientId id) { self->on_close(id); }};
  GK_TRY(socket->server_,
         net::PacketServer::create(loop, path, options.mode, options.limits, std::move(handlers)));
  socket->notices_ =
      service.notices().subscribe([self](const LaneNotice& notice) { self->on_notice(notice); });
  return socket;
}

void LaneSocket::on_open(net::PacketClientId id, const net::Peer& peer) {
  Client& client = clients_[id];
  client.peer = peer;
  client.owner = service_.new_owner();
  owners_[client.owner] = id;
  connected_.set(static_cast<double>(clients_.size()));
  // The start time is read before the pidfd is opened and again after it: the two are one process.
  // Whoever connected may have ended before this, and its pid may be another process's by now. That
  // one holds nothing and cannot ask: it has not got the connection, and what is left of the dead
  // one's requests ends with its last end of it.
  const auto facts = sys::process_facts(*peer.pid);
  if (!facts) return server_->close(id);
  auto process = sys::ProcessHandle::open(*peer.pid, facts->start_ticks);
  if (!process) return server_->close(id);
  client.process = std::move(*process);
  client.identity = process_identity(*peer.pid, facts->start_ticks);
  client.death = loop_.watch_readable(client.process.fd(), [this, id] {
    // A child may have inherited the connection and keep it open: the holder is dead all the same.
    if (const auto dead = clients_.find(id); dead != clients_.end()) {
      dead->second.death.cancel();
      service_.drop(dead->second.owner);
      server_->close(id);
    }
  });
}

Result<sys::Fd> LaneSocket::connect_child(const std::string& name, const std::string& program) {
  if (!is_lane_name(name)) {
    return Error{Errc::invalid_argument, "an actor's name has 1 to 64 of a-z, 0-9, _ and -"};
  }
  GK_TRY(const net::PacketServer::Adopted adopted, server_->adopt());
  Client& client = clients_[adopted.client];
  client.child = Child{name, program};
  client.owner = service_.new_owner();
  owners_[client.owner] = adopted.client;
  connected_.set(static_cast<double>(clients_.size()));
  return sys::Fd(adopted.other_end);
}

void LaneSocket::fence_child(std::string_view name) {
  std::vector<OwnerId> ended;
  for (auto& [id, client] : clients_) {
    if (!client.child || client.child->name != name || client.child->fenced) continue;
    client.child->fenced = true;
    ended.push_back(client.owner);
  }
  for (const OwnerId owner : ended) service_.drop(owner);
}

void LaneSocket::on_close(net::PacketClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  const OwnerId owner = found->second.owner;
  owners_.erase(owner);
  clients_.erase(found);
  connected_.set(static_cast<double>(clients_.size()));
  service_.drop(owner);
}

void LaneSocket::on_notice(const LaneNotice& notice) {
  if (notice.kind != LaneNotice::Kind::lost) return;
  const auto holder = owners_.find(notice.owner);
  if (holder == owners_.end()) return;
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("event", "lost").field("lane", notice.lane);
  w.field("token", notice.token.value).field("reason", reason_name(notice.reason)).end_object();
  server_->send(holder->second, out);
}

Result<void> LaneSocket::check_sender(const Client& client, int sender) const {
  if (client.child) {
    // Any process of the macro may ask: all of them end with it.
    if (!client.child->fenced) return {};
    return Error{Errc::permission_denied,
                 "\"" + client.child->name + "\" is being ended and may not act any more"};
  }
  if (sender == client.peer.pid) return {};
  log_.warn("lanes.foreign_sender", "a packet came from another process than the one connected",
            {{"connected_pid", *client.peer.pid}, {"sender_pid", sender}});
  return Error{Errc::permission_denied, "this connection belongs to another process"};
}

void LaneSocket::on_packet(net::PacketClientId id, const net::Packet& packet) {
  static const JsonValue kNothing{JsonValue::Object{}};
  const Client& client = clients_.find(id)->second;
  const auto allowed = check_sender(client, packet.pid);
  if (!allowed && !client.child) return refuse({id, 0, kNothing}, allowed.error());
  if (packet.cut) {
    return refuse({id, 0, kNothing}, {Errc::resource_exhausted, "a packet has at most 4096 bytes"});
  }
  const auto body = parse_json(packet.bytes, kMessage);
  if (!body) return refuse({id, 0, kNothing}, body.error());
  const JsonValue* number = body->find("id");
  const bool numbered = number != nullptr && number->is_int();
  const Message message{id, numbered ? number->as_int() : 0, *body};
  if (!allowed) return refuse(message, allowed.error());
  obey(message);
}

void LaneSocket::obey(const Message& message) {
  const JsonValue* op = message.body.find("op");
  const std::string name = op != nullptr && op->is_string() ? op->as_string() : "";
  if (name == "acquire") return acquire(message);
  if (name == "cancel") return give_up(message);
  if (name == "renew") return renew(message);
  if (name == "release") return release(message);
  if (name == "send-check") return check(message);
  if (name == "status") return status(message);
  refuse(message, {Errc::invalid_argument,
                   "op: expected acquire, cancel, renew, release, send-check or status"});
}

Party LaneSocket::party_of(const Client& client) const {
  Party party;
  party.kind = client.child ? PartyKind::child : PartyKind::socket;
  party.owner = client.owner;
  party.pid = client.peer.pid;
  party.uid = client.peer.uid;
  if (!client.identity.empty()) party.identities.push_back(client.identity);
  return party;
}

Result<std::string> LaneSocket::actor_of_child(const Child& child,
                                               const std::string& wanted) const {
  if (!wanted.empty() && wanted != child.name) {
    return Error{Errc::permission_denied, "this connection was made for \"" + child.name +
                                              "\"; it may not act as \"" + wanted + "\""};
  }
  const Module* module = service_.module(child.name);
  const Identity who{.uid = options_.own_uid, .pid = 0, .program = child.program, .trusted = true};
  if (module == nullptr || may_act_as(who, *module)) return child.name;
  return Error{Errc::permission_denied, "the module \"" + child.name +
                                            "\" is for other users or programs than a child of "
                                            "the daemon that was started with " +
                                            child.program};
}

Result<std::string> LaneSocket::actor_for(const Client& client, const std::string& wanted) const {
  if (client.child) return actor_of_child(*client.child, wanted);
  Identity who;
  who.uid = *client.peer.uid;
  who.pid = *client.peer.pid;
  who.program = program_of(who.pid);  // Now: a process may have become another program.
  who.trusted = who.uid == 0 || who.uid == options_.own_uid;
  if (!wanted.empty()) {
    const Module* module = service_.module(wanted);
    const bool allowed = module == nullptr ? who.trusted : may_act_as(who, *module);
    if (allowed) return wanted;
    return Error{Errc::permission_denied,
                 "user " + std::to_string(who.uid) + " running " +
                     (who.program.empty() ? "an unreadable program" : who.program) +
                     " may not act as \"" + wanted + "\""};
  }
  std::string only;
  for (const auto& [name, module] : service_.modules()) {
    if (!module.bound() || !may_act_as(who, module)) continue;
    if (!only.empty()) {
      return Error{Errc::invalid_argument,
                   "actor: this process may act as " + only + " and " + name + "; name one"};
    }
    only = name;
  }
  if (only.empty()) {
    return Error{Errc::invalid_argument, "actor: no module names this process; name an actor"};
  }
  return only;
}

void LaneSocket::acquire(const Message& message) {
  Client& client = clients_.find(message.client)->second;
  Fields fields(message.body);
  fields.reader.require("lane");
  fields.reader.string("lane", fields.lane, 64);
  std::string wanted;
  fields.reader.string("actor", wanted, 64);
  const auto timeout = nanos_of(time_of(fields.reader, "timeout_s"));
  const auto lease = nanos_of(time_of(fields.reader, "lease_s"));
  if (auto good = fields.done(); !good) return refuse(message, good.error());
  if (client.waits.size() >= options_.max_waits) {
    return refuse(message, {Errc::resource_exhausted, "too many requests of this connection wait"});
  }
  if (client.waits.contains(message.id)) {
    return refuse(message, {Errc::already_exists, "a request of this number waits already"});
  }
  const auto actor = actor_for(client, wanted);
  if (!actor) return refuse(message, actor.error());
  client.waits[message.id] = 0;
  const auto wait = service_.acquire(
      {fields.lane, *actor, party_of(client), timeout, lease},
      [this, id = message.client, number = message.id](const Result<Lease>& lease_or_error) {
        if (const auto found = clients_.find(id); found != clients_.end()) {
          found->second.waits.erase(number);
        }
        static const JsonValue kNothing{JsonValue::Object{}};
        if (!lease_or_error) return refuse({id, number, kNothing}, lease_or_error.error());
        answer_lease(id, number, *lease_or_error);
      });
  if (!wait) {
    client.waits.erase(message.id);
    return refuse(message, wait.error());
  }
  if (const auto waits = client.waits.find(message.id); waits != client.waits.end()) {
    waits->second = *wait;
  }
}

void LaneSocket::answer_lease(net::PacketClientId client, std::int64_t id, const Lease& lease) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("id", id).field("ok", true).field("lane", lease.lane);
  w.field("actor", lease.actor).field("ticket", lease.ticket.value);
  w.field("token", lease.token.value).field("expires_in_s", seconds(lease.expires_in));
  w.end_object();
  server_->send(client, out);
}

void LaneSocket::refuse(const Message& message, const Error& error) {
  const bool late = error.code == Errc::deadline_exceeded;
  if (!late) refused_.inc();
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("id", message.id).field("ok", false);
  w.field("error", late ? std::string_view("lock-timeout") : error_code(error.code).problem_type);
  w.field("detail", std::string_view(error.message).substr(0, 2048)).end_object();
  server_->send(message.client, out);
}

void LaneSocket::give_up(const Message& message) {
  Fields fields(message.body);
  fields.reader.require("wait");
  std::int64_t number = 0;
  fields.reader.integer("wait", number, 0, std::int64_t{1} << 53);
  if (auto good = fields.done(); !good) return refuse(message, good.error());
  const auto& waits = clients_.find(message.client)->second.waits;
  const auto found = waits.find(number);
  if (found == waits.end()) {
    return refuse(message, {Errc::not_found, "no request of that number waits"});
  }
  service_.cancel(found->second);
  server_->send(message.client, "{\"id\":" + std::to_string(message.id) + ",\"ok\":true}");
}

void LaneSocket::renew(const Message& message) {
  Fields fields(message.body);
  fields.lane_and_token();
  if (auto good = fields.done(); !good) return refuse(message, good.error());
  const auto lease = service_.renew(fields.lane, Token(static_cast<std::uint64_t>(fields.token)),
                                    party_of(clients_.find(message.client)->second));
  if (!lease) return refuse(message, lease.error());
  answer_lease(message.client, message.id, *lease);
}

void LaneSocket::release(const Message& message) {
  Fields fields(message.body);
  fields.lane_and_token();
  if (auto good = fields.done(); !good) return refuse(message, good.error());
  const auto released =
      service_.release(fields.lane, Token(static_cast<std::uint64_t>(fields.token)),
                       party_of(clients_.find(message.client)->second));
  if (!released) return refuse(message, released.error());
  server_->send(message.client,
                "{\"id\":" + std::to_string(message.id) + ",\"ok\":true,\"released\":true}");
}

void LaneSocket::check(const Message& message) {
  Fields fields(message.body);
  fields.lane_and_token();
  if (auto good = fields.done(); !good) return refuse(message, good.error());
  const auto valid = service_.may_act(fields.lane, Token(static_cast<std::uint64_t>(fields.token)));
  if (!valid) return refuse(message, valid.error());
  server_->send(message.client, "{\"id\":" + std::to_string(message.id) +
                                    ",\"ok\":true,\"valid\":" + (*valid ? "true}" : "false}"));
}

void LaneSocket::status(const Message& message) {
  Fields fields(message.body);
  fields.reader.require("lane");
  fields.reader.string("lane", fields.lane, 64);
  if (auto good = fields.done(); !good) return refuse(message, good.error());
  const auto brief = service_.brief_json(fields.lane);
  if (!brief) return refuse(message, brief.error());
  server_->send(message.client, "{\"id\":" + std::to_string(message.id) +
                                    ",\"ok\":true,\"status\":" + *brief + "}");
}

}  // namespace gk::arbiter
