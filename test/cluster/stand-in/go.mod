module skopos.dev/test/stand-in

go 1.24
