package mime
import ("testing";"strings";"time";"fmt")
func TestZZ(t *testing.T){
 for _,p:=range []string{"\"\\","\"<","<a","<a,","=?a","=?utf-8?q?","(","(\\","a@","a@b.c ","[","g:","'","\"a\" ","@a:","mailto:",".","a . ","a @ ","<<","=?utf-8?b?QQ==?= ","\\","(a)"," ,;", "a,", "=?utf-8?q?a?=a", "“", "=?=?"}{
  for _,pre:=range []string{"","x","\""}{
  for _,post:=range []string{"","\"","@x.example",">","?="}{
  s:=pre+strings.Repeat(p,150000/len(p))+post
  b:=time.Now(); ParseAddresses(s); d1:=time.Since(b)
  b=time.Now(); DecodeWords(s); d2:=time.Since(b)
  if d1>200*time.Millisecond||d2>200*time.Millisecond {fmt.Printf("%q %q %q addr %v words %v\n",pre,p,post,d1,d2)}
 }}}
}
