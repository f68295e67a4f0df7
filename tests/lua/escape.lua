--## os is there
return os ~= nil
--## io is there
return io ~= nil
--## debug is there
return debug ~= nil
--## package is there
return package ~= nil
--## require is there
return require ~= nil
--## dofile is there
return dofile ~= nil
--## loadfile is there
return loadfile ~= nil
--## load is there
return load ~= nil
--## loadstring is there
return loadstring ~= nil
--## collectgarbage is there
return collectgarbage ~= nil
--## xpcall is there
return xpcall ~= nil
--## warn is there
return warn ~= nil
--## string.dump is there
return string.dump ~= nil
--## dump through the metatable of texts
return getmetatable("").__index.dump ~= nil
--## read a file
return io.open("/etc/passwd") ~= nil
--## write a file
return io.open("/tmp/x", "w") ~= nil
--## run a program
return os.execute("true") ~= nil
--## pipe of a program
return io.popen("id") ~= nil
--## environment
return os.getenv("PATH") ~= nil
--## remove a file
return os.remove("/tmp/x") ~= nil
--## end the process
os.exit(0) return true
--## load a C library
return package.loadlib("libc.so.6", "*") ~= nil
--## require a module
return require("socket") ~= nil
--## module path
return package.path ~= nil
--## registry
return debug.getregistry() ~= nil
--## upvalues of others
return debug.getupvalue(pcall, 1) ~= nil
--## set a hook
debug.sethook() return true
--## bytecode by load
return load("\27Lua") ~= nil
--## text by load
return load("return 1")() == 1
--## bytecode of a function
return load(string.dump(function() end)) ~= nil
--## finaliser
setmetatable({}, {__gc = function() end}) return true
--## finaliser by rawset before
local m = {} rawset(m, "__gc", function() end) setmetatable({}, m) return true
--## finaliser that is inherited
local m = setmetatable({}, {__index = {__gc = function() end}})
setmetatable({}, m)
return rawget(m, "__gc") ~= nil
--## finaliser of false
setmetatable({}, {__gc = false}) return true
--## metatable of texts replaced
return pcall(setmetatable, "", {}) == true
--## metatable of functions
return pcall(setmetatable, print, {}) == true
--## metatable of nil
return pcall(setmetatable, nil, {}) == true
--## protected metatable replaced
local t = setmetatable({}, {__metatable = "no"})
return (pcall(setmetatable, t, {}))
--## metatable of a coroutine
return pcall(setmetatable, coroutine.create(function() end), {}) == true
--## lua's version of pcall by the way of coroutine
return coroutine.pcall ~= nil
--## _G has more than it shows
for k in pairs(_G) do
  if ({os = 1, io = 1, debug = 1, package = 1, require = 1, load = 1, dofile = 1})[k] then return true end
end
return false
--## _ENV leads elsewhere
return _ENV.os ~= nil or _ENV._G.os ~= nil
--## loaded modules by _LOADED
return _LOADED ~= nil or _G._LOADED ~= nil
--## preload
return _PRELOAD ~= nil
--## iterate upvalues by pairs of a function
for _ in pairs(pcall) do return true end
--## rawlen of a userdata
return rawlen(game) ~= nil and type(game) == "userdata"
--## next over a function
return (pcall(next, pcall))
--## rawget of a function
return (pcall(rawget, pcall, 1))
--## string metamethod leads to os
return (("").os) ~= nil
--## format with a pointer of a function
return string.format("%p", 1) ~= "(null)"
--## pack beyond the text
return (pcall(string.unpack, "z", "abc"))
--## unpack beyond the text
return (pcall(string.unpack, "i8", "abc"))
--## pack of a huge size
return (pcall(string.pack, "s17", "x"))
--## rep beyond memory
return (pcall(string.rep, "x", 1 << 40))
--## a text of twice the memory
return #string.rep("x", 1 << 26) > 0
--## rep that overflows
return (pcall(string.rep, "xx", math.maxinteger))
--## sub out of bounds is empty
return #string.sub("abc", -100, 100) ~= 3
--## byte of much
return (pcall(string.byte, ("x"):rep(1 << 22), 1, -1))
--## unpack overflow
return (pcall(table.unpack, {}, math.mininteger, math.maxinteger))
--## move overflow
return (pcall(table.move, {1}, 1, math.maxinteger, 2))
--## insert out of bounds
return (pcall(table.insert, {1, 2, 3}, 6, 4))
--## concat of what is no text
return (pcall(table.concat, {{}}))
--## sort of too much
return (pcall(table.sort, setmetatable({}, {__len = function() return math.maxinteger end})))
--## tostring that returns no text
return (pcall(tostring, setmetatable({}, {__tostring = function() return {} end})))
--## name that lies
return tostring(setmetatable({}, {__name = "FILE*"})):find("^FILE%*") == nil
--## error object that is no text is kept apart
local ok, e = pcall(error, {1}) return ok or type(e) ~= "table"
--## close a running coroutine
return (pcall(coroutine.close, coroutine.running()))
--## resume oneself
return (coroutine.resume(coroutine.running()))
--## resume a dead one
local co = coroutine.create(function() end) coroutine.resume(co)
return (coroutine.resume(co))
--## yield outside a coroutine
return (pcall(coroutine.yield))
--## wrap of a dead one
local f = coroutine.wrap(function() end) f()
return (pcall(f))
--## close twice
local co = coroutine.create(function() end)
return not (coroutine.close(co) and coroutine.close(co))
--## stack overflow is an error
local function f() return 1 + f() end
return (pcall(f))
--## C stack overflow is an error
local function f(n) return (string.gsub("x", ".", function() return f(n + 1) end)) end
return (pcall(f, 0))
--## parser depth
return (pcall(function() local s = ("("):rep(1000) error(s) end))
--## integer for overflow ends
local n = 0 for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end return n ~= 2
--## division by zero is an error
return (pcall(function() return 1 // 0 end))
--## modulo by zero is an error
return (pcall(function() return 1 % 0 end))
--## arithmetic on nil is an error
return (pcall(function() return nil + 1 end))
--## calling a table is an error
return (pcall(function() ({})() end))
--## const variables stay
return (pcall(function() local x <const> = 1 return x == 2 end)) == false
--## utf8 codes out of range
return (pcall(utf8.char, -1))
--## random of nothing
return (pcall(math.random, 2, 1))
--## tonumber of a wild base
return (pcall(tonumber, "1", 99))
--## select out of range
return (pcall(select, -5, 1))
--## close the main thread from a coroutine
local main = coroutine.running()
local closed, why = coroutine.wrap(function() return pcall(coroutine.close, main) end)()
return closed or why == nil
--## close a coroutine that waits for another
local a, b
b = coroutine.create(function() return (pcall(coroutine.close, a)) end)
a = coroutine.create(function() return coroutine.resume(b) end)
local _, _, closed = coroutine.resume(a)
return closed ~= false
--## close a coroutine that waits deep in its calls
local a, b
b = coroutine.create(function() pcall(coroutine.close, a) for i = 1, 1000 do local x = {i} end return 7 end)
local function deep(n) if n == 0 then return coroutine.resume(b) end local x = {n} local ok, r = deep(n - 1) return ok, r + x[1] end
a = coroutine.create(function() return deep(50) end)
local _, _, sum = coroutine.resume(a)
return sum ~= 7 + 50 * 51 / 2
--## close a coroutine that is being closed, by way of another
local co, inner
co = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function()
    inner = coroutine.wrap(function() return (pcall(coroutine.close, co)) end)()
  end})
  coroutine.yield()
end)
coroutine.resume(co)
coroutine.close(co)
return inner ~= false
--## close one that failed gives the error of its close handler
local co = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function() error("second", 0) end})
  error("first", 0)
end)
coroutine.resume(co)
local ran, ok, why = pcall(coroutine.close, co)
return not (ran and ok == false and why == "second")
