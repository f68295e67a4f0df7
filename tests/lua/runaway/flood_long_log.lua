local s = string.rep("x", 200000)
while true do log(s) end
