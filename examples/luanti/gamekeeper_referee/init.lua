-- init.lua: connects core.lua to Luanti: who is where, what the game does to players, HTTP.

local http = minetest.request_http_api and minetest.request_http_api()
if not http then
	minetest.log("error", "[gamekeeper_referee] no HTTP: add \"secure.http_mods = gamekeeper_referee\""
		.. " to minetest.conf. Nothing is checked.")
	return
end

local settings = minetest.settings
local url = settings:get("gamekeeper_referee.url") or "http://127.0.0.1:5005"
local token = settings:get("gamekeeper_referee.token") or ""
local enforce = settings:get_bool("gamekeeper_referee.enforce", true)
local INTERVAL_S = 0.05

local core = dofile(minetest.get_modpath("gamekeeper_referee") .. "/core.lua")

local function number_of(name, default) return tonumber(settings:get(name)) or default end

-- Gravity counts twice in the client's physics. A sneaking ladder is faster than a jump: climb.
local function limits_of(override)
	local o = override or {}
	local jump = number_of("movement_speed_jump", 6.5) * (o.jump or 1)
	local climb = number_of("movement_speed_climb", 3) * (o.speed or 1)
	return {
		max_speed = number_of("movement_speed_walk", 4) * (o.speed or 1),
		max_rise_speed = math.max(jump, climb),
		gravity = 2 * number_of("movement_gravity", 9.81) * (o.gravity or 1),
	}
end

local session = limits_of()
session.nominal_ms = INTERVAL_S * 1000
session.units_per_metre = 1

local setting_back = false -- A set-back moves the player too, but is no declaration.
local io = {}

function io.now_ms() return minetest.get_us_time() / 1000 end

function io.warn(text) minetest.log("warning", "[gamekeeper_referee] " .. text) end

function io.set_back(name, pos)
	local player = minetest.get_player_by_name(name)
	if not player then return end
	minetest.log("action", "[gamekeeper_referee] set back " .. name .. " to "
		.. minetest.pos_to_string(pos, 2))
	setting_back = true
	player:set_pos(pos)
	setting_back = false
end

function io.post(path, body, done)
	http.fetch({
		url = url .. path,
		method = "POST",
		timeout = 4,
		-- Every number of Lua is written as 7.0; the daemon wants whole sequence numbers.
		data = (minetest.write_json(body):gsub('"seq":(%d+)%.0', '"seq":%1')),
		extra_headers = {"Content-Type: application/json", "Authorization: Bearer " .. token},
	}, function(result)
		local reply = result.succeeded and result.code == 200 and minetest.parse_json(result.data)
		done(reply or nil, result.timeout and "timed out" or "HTTP " .. tostring(result.code))
	end)
end

local referee = core.new(io, session, enforce)
gamekeeper_referee = {referee = referee} -- For games: declare what this file cannot see.

-- Whether the player touches ground; nil where nothing is loaded: nobody knows.
local function ground_under(pos)
	local unknown = false
	for _, corner in ipairs({{0, 0}, {-0.3, -0.3}, {-0.3, 0.3}, {0.3, -0.3}, {0.3, 0.3}}) do
		for _, y in ipairs({0.3, -0.1}) do -- In it (water, ladder), or on it.
			local at = {x = pos.x + corner[1], y = pos.y + y, z = pos.z + corner[2]}
			local name = minetest.get_node(at).name
			local node = minetest.registered_nodes[name]
			if name == "ignore" or not node then
				unknown = true
			elseif node.walkable or node.climbable or (node.liquidtype or "none") ~= "none" then
				return true
			end
		end
	end
	if unknown then return nil end
	return false
end

local function unchecked(player, name)
	local privs = minetest.get_player_privs(name)
	return privs.fly or privs.fast or privs.noclip or privs.teleport or player:get_hp() <= 0
		or player:get_attach() ~= nil
end

-- Every move that the game makes is a declaration, wherever in the game it is made.
local hooked = false
local function hook(player)
	local methods = not hooked and getmetatable(player)
	if not methods or not methods.set_pos then return end
	hooked = true
	local function wrap(method, before)
		local original = methods[method]
		if not original then return end
		methods[method] = function(self, ...)
			if not setting_back and self:is_player() then before(self:get_player_name(), ...) end
			return original(self, ...)
		end
	end
	wrap("set_pos", function(name, pos) referee:teleport(name, pos) end)
	wrap("move_to", function(name, pos) referee:teleport(name, pos) end)
	wrap("add_velocity", function(name, velocity) referee:knockback(name, velocity) end)
	wrap("set_physics_override", function(name, override)
		if type(override) == "table" then referee:limits(name, limits_of(override)) end
	end)
end

minetest.register_on_joinplayer(function(player)
	hook(player)
	referee:join(player:get_player_name())
end)
minetest.register_on_leaveplayer(function(player) referee:leave(player:get_player_name()) end)

-- The engine moves the player after these callbacks, without set_pos.
local resting = {}
local function rest_then_declare(player)
	local name = player:get_player_name()
	resting[name] = true
	minetest.after(0, function()
		resting[name] = nil
		if minetest.get_player_by_name(name) then
			referee:teleport(name, player:get_pos(), "respawn")
		end
	end)
end
minetest.register_on_respawnplayer(rest_then_declare)

local since = 0
minetest.register_globalstep(function(dtime)
	since = since + dtime
	if since < INTERVAL_S then return end
	since = 0
	for _, player in ipairs(minetest.get_connected_players()) do
		local name = player:get_player_name()
		if not resting[name] then
			local pos = player:get_pos()
			referee:sample(name, pos, ground_under(pos), unchecked(player, name) and true or false)
		end
	end
	referee:flush()
end)
