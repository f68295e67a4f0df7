// /auth/2fa: the second factor of one's own account.

#include "accounts/routes_detail.h"
#include "accounts/rules/password_policy.h"

namespace gk::accounts {
namespace {

constexpr std::size_t kMaxCode = 64;  // Source: chosen; a recovery code is 19 characters

struct Proof {
  std::string password;
  std::string code;
};

/// Reads the named members, all of them needed; the problem when one is missing.
std::optional<api::Problem> read_proof(const api::Call& call, Proof& out, bool password,
                                       bool code) {
  JsonReader reader(call.body, "");
  if (password) {
    reader.string("current_password", out.password, kMaxPasswordBytes);
    reader.require("current_password");
  }
  if (code) {
    reader.string("code", out.code, kMaxCode);
    reader.require("code");
  }
  reader.refuse_unknown();
  return problem_of(reader);
}

void answer_codes(const api::Reply& reply, const Outcome<std::vector<std::string>>& outcome) {
  if (const auto* problem = std::get_if<api::Problem>(&outcome)) return reply.problem(*problem);
  std::string body;
  JsonWriter w(body);
  w.begin_object().key("recovery_codes").begin_array();
  for (const std::string& code : std::get<std::vector<std::string>>(outcome)) w.value(code);
  w.end_array().end_object();
  reply.json(std::move(body));
}

void show(const AccountsService& service, api::Call& call, const api::Reply& reply) {
  const SecondFactor* factor = service.second_factor(call.principal->user_id);
  std::string body;
  JsonWriter w(body);
  w.begin_object().field("enabled", factor != nullptr && factor->confirmed);
  w.field("pending", factor != nullptr && !factor->confirmed);
  w.field("recovery_codes_left", factor == nullptr ? 0 : factor->recovery.size()).end_object();
  reply.json(std::move(body));
}

void enrol(AccountsService& service, api::Call& call, const api::Reply& reply) {
  Proof proof;
  if (const auto problem = read_proof(call, proof, true, false)) return reply.problem(*problem);
  service.enrol_second_factor(
      caller_of(call), std::move(proof.password), visitor_of(call), [reply](const auto& outcome) {
        if (const auto* problem = std::get_if<api::Problem>(&outcome)) {
          return reply.problem(*problem);
        }
        const auto& enrolment = std::get<Enrolment>(outcome);
        std::string body;
        JsonWriter w(body);
        w.begin_object().field("secret", enrolment.secret).field("uri", enrolment.uri).end_object();
        reply.json(std::move(body), 201);
      });
}

void confirm(AccountsService& service, api::Call& call, const api::Reply& reply) {
  Proof proof;
  if (const auto problem = read_proof(call, proof, false, true)) return reply.problem(*problem);
  service.confirm_second_factor(caller_of(call), proof.code, visitor_of(call),
                                [reply](const auto& outcome) { answer_codes(reply, outcome); });
}

void disable(AccountsService& service, api::Call& call, const api::Reply& reply) {
  Proof proof;
  if (const auto problem = read_proof(call, proof, true, true)) return reply.problem(*problem);
  service.disable_second_factor(caller_of(call), std::move(proof.password), std::move(proof.code),
                                visitor_of(call),
                                [reply](const auto& outcome) { answer_empty(reply, outcome); });
}

void renew(AccountsService& service, api::Call& call, const api::Reply& reply) {
  Proof proof;
  if (const auto problem = read_proof(call, proof, true, true)) return reply.problem(*problem);
  service.renew_recovery_codes(caller_of(call), std::move(proof.password), std::move(proof.code),
                               visitor_of(call),
                               [reply](const auto& outcome) { answer_codes(reply, outcome); });
}

void add_schemas(api::Router& router) {
  router.add_schema({"SecondFactor",
                     {{"enabled", "boolean", "Asked for at log-in", true},
                      {"pending", "boolean", "Enrolled, but not confirmed with a code", true},
                      {"recovery_codes_left", "integer", "", true}}});
  router.add_schema({"SecondFactorEnrol", {{"current_password", "string", "", true}}});
  router.add_schema({"SecondFactorEnrolment",
                     {{"secret", "string", "base32, to be typed into the app", true},
                      {"uri", "string", "otpauth://, for a QR code", true}}});
  router.add_schema({"SecondFactorConfirm", {{"code", "string", "The app's present code", true}}});
  router.add_schema({"SecondFactorProof",
                     {{"current_password", "string", "", true},
                      {"code", "string", "Of the app, or a recovery code", true}}});
  router.add_schema(
      {"RecoveryCodes",
       {{"recovery_codes", "string[]", "Ten, each for one log-in, shown once", true}}});
}

}  // namespace

void add_second_factor_routes(api::Router& router, AccountsService& service) {
  add_schemas(router);
  const auto post = [&](std::string_view path, std::string_view summary, std::string_view request,
                        std::string_view response, int status,
                        void (*handle)(AccountsService&, api::Call&, const api::Reply&)) {
    router
        .add({.method = net::Method::post,
              .path = path,
              .scope = api::kSession,
              .summary = summary,
              .request = request,
              .response = response,
              .handler = [&service, handle](
                             api::Call& call,
                             const api::Reply& reply) { handle(service, call, reply); }})
        .answers({status});
  };
  router.add({.method = net::Method::get,
              .path = "/auth/2fa",
              .scope = api::kSession,
              .summary = "Whether one's log-in asks for a second factor",
              .request = {},
              .response = "SecondFactor",
              .handler = [&service](api::Call& call, const api::Reply& reply) {
                show(service, call, reply);
              }});
  post("/auth/2fa", "Begin: the secret for the authenticator app", "SecondFactorEnrol",
       "SecondFactorEnrolment", 201, enrol);
  post("/auth/2fa/confirm", "Switch it on with a first code; answers the recovery codes",
       "SecondFactorConfirm", "RecoveryCodes", 200, confirm);
  post("/auth/2fa/disable", "Switch it off, with password and code", "SecondFactorProof", {}, 204,
       disable);
  post("/auth/2fa/recovery-codes", "Ten new recovery codes; the old ones are void",
       "SecondFactorProof", "RecoveryCodes", 200, renew);
}

}  // namespace gk::accounts
